import type { ZodType } from 'zod'
import type { Change, Json } from '../../schemas/record.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { PositionOrder } from './position-order.ts'

/** Unique in its source; compared and ordered by its UTF-8 bytes. */
export type Key = string
/** Where an indexer goes on, a source a key; opaque to everybody else. */
export type Cursors = Readonly<Record<string, Json>>

export interface KeyDigest {
  readonly key: Key
  /** Equal to the digest of the put that the same item would yield now; absent when only keys were asked for. */
  readonly digest?: string
}

export interface KeyRange {
  /** Inclusive; absent means from the first. */
  readonly from?: Key
  /** Exclusive; absent means to the last. */
  readonly to?: Key
}

/** One open connection, read once for all of its sources. `await using` closes it, whatever happened. */
export interface Indexer extends AsyncDisposable {
  /**
   * Changes of these sources after their cursors, each source's oldest first; without a cursor, everything there is.
   * A checkpoint says that everything of its source up to its position has been handed over, a partial one only where to
   * go on. Ends when caught up or, opened
   * with `until: 'abort'`, when the signal aborts. May be called again on the same connection.
   */
  changes(after: Cursors): AsyncIterable<Change>
  /** Everything up to here is safe in the ledger: the source may forget it (slots, offsets, tokens). */
  committed?(upTo: Cursors): Promise<void>
  /**
   * Keys in byte order, with a digest each where asked, in bounded memory. SOURCE_KEYS_UNKNOWN where the source cannot tell
   * what it does not have: then nothing counts as deleted.
   */
  keys(source: string, range: KeyRange, want: 'keys' | 'digests'): AsyncIterable<KeyDigest>
  /**
   * The items of these keys as they are now: a put or a reject of each that is there, a delete of each that surely is not,
   * nothing of one that cannot be told. Absent where no item can be read by its key.
   */
  read?(source: string, keys: readonly Key[]): AsyncIterable<Change>
}

export interface OpenOptions<Source> {
  /** Name of the connection; '' for a type that needs none. */
  readonly connection: string
  /** The sources of this connection by name. */
  readonly sources: Readonly<Record<string, Source>>
  /**
   * Cursors of the connection's other sources, as the ledger holds them now: what they have not read must not be given up
   * where all share one log. Sources that will be read from the start have none.
   */
  readonly others: () => Promise<Cursors>
  readonly until: 'now' | 'abort'
  readonly signal: AbortSignal
  readonly clock: Clock
  /** For what an operator should know and nobody asked. */
  readonly log: Log
  /** Keyed digest of a canonical text of one item as read: the same text, the same digest, on this deployment. */
  readonly digest: (canonical: string | Uint8Array) => string
  /** How often to look again, opened with `until: 'abort'` on a source that has to be polled. */
  readonly everyMs: number
}

/** What `init --from URL` writes down of a place to read. */
export interface SourceDraft {
  readonly name: string
  readonly comment?: string
  /** YAML of the source's body, ready to indent, with comments on what to check. */
  readonly yaml: string
}

export type Deletes = 'streamed' | 'by comparison'

/** What a folder below `indexers/` exports as its default: one type of source. */
export interface IndexerType<Connection = unknown, Source = unknown> {
  readonly type: string
  /** Keys of `connections.<name>` besides `type`; absent for a type that needs no connection. */
  readonly connection?: ZodType<Connection>
  /** Keys of `sources.<name>` besides the common ones. */
  readonly source: ZodType<Source>
  /** How a deleted item is noticed, unless `deletesOf` says otherwise for a source. */
  readonly deletes: Deletes
  deletesOf?(source: Source): Deletes
  /** The order of this source's positions; absent or undefined where they only say when it was read. */
  positions?(source: Source): PositionOrder | undefined
  /** Connects and checks that every source can be read; throws SOURCE_… errors that name the source and the fix. */
  open(connection: Connection, options: OpenOptions<Source>): Promise<Indexer>
  /**
   * Whether a change at the first position was made before the one at the second. For sources whose changes carry items as
   * they were then; absent where a change that is read again brings the item as it is now.
   */
  readonly isOlder?: (position: string, than: string) => boolean
  /** Where an item is and what to open to see it, for people, without anything of its content; absent: only its key. */
  whereIs?(source: Source, item: { readonly key: Key; readonly position: string }): string
  /** Schemes of the URLs that `draft` takes, such as `postgresql`; absent: its own name. */
  readonly schemes?: readonly string[]
  /** Drafts sources from what is there, for `init --from`. */
  draft?(connection: Connection): Promise<readonly SourceDraft[]>
}
