import type { Edition } from './ledger-sync.ts'

/** A record of the change feed as a projection needs it, always in its latest state. */
export interface FeedRecord {
  readonly recordId: number
  readonly sourceId: number
  readonly source: string
  readonly key: string
  /** Number of the record's last change in its source's feed; the external version of everything written for it. */
  readonly feed: number
  /** Of its passages in this generation. */
  readonly language: string
  readonly acl: readonly string[]
  readonly facets: readonly string[]
  /** Empty for a deleted record. */
  readonly chunks: readonly FeedChunk[]
  /** Chunk addresses the record may have used before and does not use now: to be tombstoned. */
  readonly gone: readonly number[]
}

export interface FeedChunk {
  readonly chunk: number
  readonly header: string
  readonly text: string
}

export interface FeedPage {
  readonly records: readonly FeedRecord[]
  /** Read on from here; equal to `after` when there was nothing. */
  readonly next: number
  /** The source's newest feed number when the page was read. */
  readonly head: number
}

export interface ProjectionPosition {
  readonly sourceId: number
  readonly source: string
  readonly edition: Edition | 'dropped'
  /** Projected up to this feed number. */
  readonly feed: number
  /** The ledger's newest. */
  readonly head: number
  /** The source's position up to which surely everything is projected; undefined when that is none. */
  readonly position: string | undefined
  /** Of what the source's records were last written in. */
  readonly language: string
}

/** How far a source is, in the ledger and in a projection of it. */
export interface SourceStanding {
  readonly sourceId: number
  readonly source: string
  /** Up to where everything is in the ledger. */
  readonly position: string | undefined
  /** Up to when, milliseconds since 1970. */
  readonly asOfMs: number | undefined
  /** The feed's number when position and time were noted: a projection that has come so far has got there, too. */
  readonly positionFeed: number
  /** The feed's newest number. */
  readonly head: number
  /** Projected up to this feed number; all of it where no projection was asked for. */
  readonly projected: number
  /** The lowest position over ledger and projection. */
  readonly lowest: string | undefined
  /** The source told of a gap, and its keys were not compared since: what was deleted in it is still there. */
  readonly deletesDue: boolean
  /** Some process keeps it in step. */
  readonly syncing: boolean
}

export interface Standings {
  /** The active one, that searches look at; undefined where there is none, or no source. */
  readonly generation: number | undefined
  /** Ids of the editions that no search is to show. */
  readonly hidden: readonly number[]
  readonly sources: readonly SourceStanding[]
}

export interface LedgerFeed {
  /** Sources with a record that these entries may read (undefined: all), of these names (undefined: all), in order of names. */
  standings(args: {
    projection: string | undefined
    readable: readonly string[] | undefined
    sources: readonly string[] | undefined
  }): Promise<Standings>
  feedPage(args: { generation: number; sourceId: number; after: number; limit: number }): Promise<FeedPage>
  /** The records of these keys as the feed has them now, deleted ones too. */
  feedRecords(args: { generation: number; sourceId: number; keys: readonly string[] }): Promise<readonly FeedRecord[]>
  projectionPositions(args: { projection: string; generation: number }): Promise<readonly ProjectionPosition[]>
  /** Moves a projection on; does nothing when it stands before `from`, because somebody reset it meanwhile. */
  advanceProjection(args: {
    projection: string
    generation: number
    sourceId: number
    from: number
    feed: number
  }): Promise<void>
  /** Forgets how far a projection is, so that it is rebuilt from the feed's start. */
  resetProjection(args: { projection: string; generation: number }): Promise<void>
}
