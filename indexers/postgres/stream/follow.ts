import type { Pgoutput } from 'pg-logical-replication'
import type { KeyValues } from './reread.ts'
import type { LogMessage } from './log.ts'
import { lsnNumber } from './lsn.ts'
import type { TableName } from '../relation.ts'

/** What the log has told since it was last handed over. */
export interface Told {
  /** Keys by source, each once. */
  readonly keys: Map<string, Map<string, KeyValues>>
  /** Sources that the keys do not tell enough of: their table was emptied, or something changed that has no key. */
  readonly lost: Set<string>
  /** Ids of the transactions that named the keys. */
  readonly transactions: Set<number>
  size: number
}

export const nothingTold = (): Told => ({ keys: new Map(), lost: new Set(), transactions: new Set(), size: 0 })

/** Where the log is, between two transactions. */
export interface Progress {
  /** Everything committed before it has been told. */
  position: bigint
  /** The transaction that is being told. */
  transaction: number | undefined
}

/** A source whose table is followed. */
export interface Follower {
  readonly source: string
  readonly key: readonly string[]
}

/** Takes one message in. */
export function take(
  message: LogMessage,
  {
    told,
    progress,
    followersOf,
  }: {
    readonly told: Told
    readonly progress: Progress
    readonly followersOf: (table: TableName) => readonly Follower[]
  },
): void {
  switch (message.tag) {
    case 'alive':
      if (progress.transaction === undefined && message.end > progress.position) progress.position = message.end
      return
    case 'begin':
      progress.transaction = message.xid
      return
    case 'commit':
      progress.transaction = undefined
      progress.position = lsnNumber(message.commitEndLsn ?? '0/0')
      return
    case 'insert':
      return tell(message.relation, [message.new])
    case 'update':
      // A key that changed names its old values; those of a full identity hold them always.
      return tell(message.relation, [withKey(message), message.key ?? message.old])
    case 'delete':
      return tell(message.relation, [message.key ?? message.old])
    case 'truncate':
      for (const relation of message.relations) lose(relation)
      return
    // What types and tables look like, and where a transaction comes from, is no news.
    case 'relation':
    case 'type':
    case 'origin':
    case 'message':
  }

  function tell(relation: Pgoutput.MessageRelation, rows: readonly (Row | null)[]): void {
    for (const { source, key } of followersOf(relation)) {
      if (progress.transaction !== undefined) told.transactions.add(progress.transaction)
      for (const row of rows) {
        if (row === null) continue
        const values = key.map((name) => row[name])
        if (values.every((value) => typeof value === 'string')) add(source, values)
        else told.lost.add(source)
      }
    }
  }

  function add(source: string, values: KeyValues): void {
    const keys = told.keys.get(source) ?? new Map<string, KeyValues>()
    told.keys.set(source, keys)
    const known = JSON.stringify(values)
    if (keys.has(known)) return
    keys.set(known, values)
    told.size += 1
  }

  function lose(relation: Pgoutput.MessageRelation): void {
    for (const { source } of followersOf(relation)) told.lost.add(source)
  }
}

type Row = Readonly<Record<string, unknown>>

/** A long value that did not change is left out of the new row; one of the key is then in the old one. */
function withKey({ new: row, old, key }: Pgoutput.MessageUpdate): Row {
  const before: Row = key ?? old ?? {}
  return Object.fromEntries(
    Object.entries<unknown>(row).map(([name, value]) => [name, value === undefined ? before[name] : value]),
  )
}
