import type { TcpProxy } from '../../kit/tcp-proxy.ts'
import type { Random } from '../../kit/random.ts'
import type { Expected, Item } from '../item.ts'

export const kindNames = ['postgres', 'mariadb', 'mongodb', 'kafka', 'files'] as const
export type KindName = (typeof kindNames)[number]

/** One kind of source with everything that the proof does to it: a database, a cluster or a folder of its own. */
export interface Kind extends AsyncDisposable {
  readonly name: KindName
  /** Names of its sources in aquifer.yaml. */
  readonly sources: readonly string[]
  /** Lines below `connections:` and `sources:`. */
  readonly yaml: { readonly connections: string; readonly sources: string }
  /** Variables that its part of the configuration names. */
  readonly env: Readonly<Record<string, string>>
  /** The way by which the program reaches it, where there is one to break. */
  readonly link: TcpProxy | undefined
  /** Carries out about so many operations, all committed when it resolves but for some that commit later; how many. */
  operate(random: Random, count: number): Promise<number>
  /** Commits what is still open. */
  finish(): Promise<void>
  /** Commits what later operations would commit: what has to be found now must not wait for it. */
  commitOpen?(): Promise<void>
  /** The log that the program follows is gone, and it has to read everything again; what the source holds stays. */
  loseLog?(): Promise<void>
  /** Writes this item under this key, whether it is there or not. */
  put(source: string, key: string, item: Item): Promise<void>
  /** What there is now by source and key, read anew from the source. */
  read(): Promise<ReadonlyMap<string, ReadonlyMap<string, Expected>>>
}
