import type { ZodType } from 'zod'
import type { IndexerType } from '../core/indexer.ts'
import { explainMismatch } from './explain.ts'
import type { Path, Problem } from './problem.ts'

/** The types of source there are, each loaded when it is first named. */
export type IndexerTypes = Registry<IndexerType>

/** What the configuration has to know of a connection's type, whether sources are read from it or metrics computed in it. */
export interface ConnectionType {
  readonly type: string
  /** absent: none of its own */
  readonly connection?: ZodType
}

/** All types that `aquifer.yaml` may name. */
export interface Types {
  readonly indexers: IndexerTypes
  readonly engines: Registry<ConnectionType>
}

type Registry<T> = Readonly<Record<string, () => Promise<{ readonly default: T }>>>

/** What a connection may be: where a type is both, the indexer says its keys. */
export function connectionTypes({ indexers, engines }: Types): Registry<ConnectionType> {
  return { ...engines, ...indexers }
}

/** The named type, or undefined and a problem at `path`. */
export async function loadType<T>(
  name: unknown,
  path: Path,
  { types, problems }: { types: Registry<T>; problems: Problem[] },
): Promise<T | undefined> {
  const load = typeof name === 'string' && Object.hasOwn(types, name) ? types[name] : undefined
  if (load !== undefined) return (await load()).default
  const message = explainMismatch(Object.keys(types), [], name)
  problems.push({ path, at: name === undefined ? 'key' : 'value', message })
  return undefined
}
