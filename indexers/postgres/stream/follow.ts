import type { Pgoutput } from 'pg-logical-replication'
import type { KeyValues } from './reread.ts'
import type { LogMessage } from './log.ts'
import { lsnNumber } from './lsn.ts'
import type { TableName } from '../relation.ts'

/** What the log has told since it was last handed over. */
export interface Told {
  /** Keys by table (`schema`, `name` as JSON), each once. */
  readonly keys: Map<string, Map<string, KeyValues>>
  /** Tables that the keys do not tell enough of: emptied, or changed by what names no key. */
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

const tableKey = ({ schema, name }: TableName): string => JSON.stringify([schema, name])

/** What the log calls the table of a source. */
export const tableOf = ({ relation }: { readonly relation: { readonly table: TableName } }): string =>
  tableKey(relation.table)

/** Takes one message in. `keyOf` names the key columns of a table that is followed. */
export function take(
  message: LogMessage,
  {
    told,
    progress,
    keyOf,
  }: {
    readonly told: Told
    readonly progress: Progress
    readonly keyOf: (table: string) => readonly string[] | undefined
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
    const table = tableKey(relation)
    const columns = keyOf(table)
    if (columns === undefined) return
    if (progress.transaction !== undefined) told.transactions.add(progress.transaction)
    for (const row of rows) {
      if (row === null) continue
      const values = columns.map((name) => row[name])
      if (!values.every((value) => typeof value === 'string')) lose(relation)
      else add(table, values)
    }
  }

  function add(table: string, values: KeyValues): void {
    const keys = told.keys.get(table) ?? new Map<string, KeyValues>()
    told.keys.set(table, keys)
    const known = JSON.stringify(values)
    if (keys.has(known)) return
    keys.set(known, values)
    told.size += 1
  }

  function lose(relation: Pgoutput.MessageRelation): void {
    const table = tableKey(relation)
    if (keyOf(table) !== undefined) told.lost.add(table)
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
