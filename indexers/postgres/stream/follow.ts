import type { Pgoutput } from 'pg-logical-replication'
import type { KeyValues } from './reread.ts'
import type { LogMessage } from './log.ts'
import { lsnNumber } from './lsn.ts'
import type { TableName } from '../relation.ts'

/** What the log has told since it was last handed over. */
export interface Told {
  /** Keys by source, each once. */
  readonly keys: Map<string, Map<string, KeyValues>>
  /** By source and the place of a touch: values of its columns, each once. */
  readonly touched: Map<string, Map<number, Map<string, KeyValues>>>
  /** Sources that the keys do not tell enough of: their table was emptied, or something changed that has no key. */
  readonly lost: Set<string>
  /** Ids of the transactions that named the keys. */
  readonly transactions: Set<number>
  size: number
}

export const nothingTold = (): Told => ({
  keys: new Map(),
  touched: new Map(),
  lost: new Set(),
  transactions: new Set(),
  size: 0,
})

/** Where the log is, between two transactions. */
export interface Progress {
  /** Everything committed before it has been told. */
  position: bigint
  /** The transaction that is being told, and where its commit is. */
  transaction: { readonly id: number; readonly commit: bigint } | undefined
}

/** What a source wants to know of a table: its key, or the columns of a touch. */
export interface Follower {
  readonly source: string
  readonly columns: readonly string[]
  /** undefined: these are the key of the records. */
  readonly touch: number | undefined
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
      progress.transaction = { id: message.xid, commit: lsnNumber(message.commitLsn ?? '0/0') }
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
    for (const follower of followersOf(relation)) {
      if (progress.transaction !== undefined) told.transactions.add(progress.transaction.id)
      const { source, columns, touch } = follower
      // The replica identity was made smaller: an update need not tell what its row belonged to.
      const isVague = touch !== undefined && !columns.every((name) => relation.keyColumns.includes(name))
      if (isVague && rows.length > 1) told.lost.add(source)
      for (const row of rows) if (row !== null) tellOf(follower, row)
    }
  }

  function tellOf({ source, columns, touch }: Follower, row: Row): void {
    const values = columns.map((name) => row[name])
    if (values.every((value) => typeof value === 'string')) add(mapOf(source, touch), values)
    // What refers to nothing belongs to nothing.
    else if (touch === undefined || !values.includes(null)) told.lost.add(source)
  }

  function mapOf(source: string, touch: number | undefined): Map<string, KeyValues> {
    if (touch === undefined) return entry(told.keys, source, () => new Map<string, KeyValues>())
    const touches = entry(told.touched, source, () => new Map<number, Map<string, KeyValues>>())
    return entry(touches, touch, () => new Map<string, KeyValues>())
  }

  function add(values: Map<string, KeyValues>, found: KeyValues): void {
    const known = JSON.stringify(found)
    if (values.has(known)) return
    values.set(known, found)
    told.size += 1
  }

  function lose(relation: Pgoutput.MessageRelation): void {
    for (const { source } of followersOf(relation)) told.lost.add(source)
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make()
  map.set(key, found)
  return found
}

type Row = Readonly<Record<string, unknown>>

/** A long value that did not change is left out of the new row; one of the key is then in the old one. */
function withKey({ new: row, old, key }: Pgoutput.MessageUpdate): Row {
  const before: Row = key ?? old ?? {}
  return Object.fromEntries(
    Object.entries<unknown>(row).map(([name, value]) => [name, value === undefined ? before[name] : value]),
  )
}
