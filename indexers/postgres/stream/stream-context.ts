import type { Clock } from '../../../src/core/clock.ts'
import type { Cursors } from '../../../src/core/indexer.ts'
import type { Log as Logger } from '../../../src/core/log.ts'
import type { Place } from '../../../src/core/source-error.ts'
import type { Batch } from '../batch.ts'
import type { Address } from '../connect.ts'
import type { Reader } from '../round.ts'
import type { Session } from '../session.ts'
import type { StreamCursor } from './cursor.ts'
import type { Progress } from './follow.ts'
import type { FollowedSource } from './followed-source.ts'
import { lsnNumber, withoutHeader } from './lsn.ts'

export interface StreamOptions {
  readonly readers: ReadonlyMap<string, Reader>
  /** Cursors of the connection's other sources, streamed or not: they share the slot. */
  readonly others: () => Promise<Cursors>
  readonly address: Address
  readonly slot: string
  readonly publication: string
  /** Bytes of log that the slot may make the server keep. */
  readonly walBudget: number
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

/** A source and where it is; `cursor.pass` as long as it is read from the start. */
export interface Track {
  readonly source: FollowedSource
  cursor: StreamCursor
  /** What has to end before a read from the start begins: transactions, by their ids. */
  awaited: Awaited | undefined
  /** The rest of a read from the start. */
  pages: AsyncGenerator<Batch> | undefined
  /** How often columns changed under a read from the start. */
  restarts: number
}

export interface Awaited {
  readonly transactions: ReadonlySet<string>
  readonly sinceMs: number
  /** When to look again. */
  readonly nextMs: number
}

export interface StreamContext extends StreamOptions {
  readonly session: Session
  readonly place: Place
  /** By source. */
  readonly tracks: Map<string, Track>
  readonly progress: Progress
}

/** Where the log is, and the source's clock before that. */
export interface Look {
  readonly lsn: bigint
  readonly asOf: string
}

const lookSql = `select pg_current_wal_insert_lsn()::text, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

export async function look({ session, place }: StreamContext): Promise<Look> {
  const { rows } = await session.query(place, lookSql)
  return { lsn: withoutHeader(lsnNumber(rows[0]?.[0] ?? '0/0')), asOf: rows[0]?.[1] ?? '' }
}
