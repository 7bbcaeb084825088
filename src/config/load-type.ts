import type { IndexerType } from '../core/indexer.ts'
import { explainMismatch } from './explain.ts'
import type { Path, Problem } from './problem.ts'

/** The types of source there are, each loaded when it is first named. */
export type IndexerTypes = Readonly<Record<string, () => Promise<{ readonly default: IndexerType }>>>

/** The named type of source, or undefined and a problem at `path`. */
export async function loadType(
  name: unknown,
  path: Path,
  { types, problems }: { types: IndexerTypes; problems: Problem[] },
): Promise<IndexerType | undefined> {
  const load = typeof name === 'string' && Object.hasOwn(types, name) ? types[name] : undefined
  if (load !== undefined) return (await load()).default
  const message = explainMismatch(Object.keys(types), [], name)
  problems.push({ path, at: name === undefined ? 'key' : 'value', message })
  return undefined
}
