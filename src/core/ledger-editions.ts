import type { Json } from '../../schemas/record.ts'
import type { Claim, Edition } from './ledger-sync.ts'

/** An edition that does not answer, as operators look at it. */
export interface EditionView {
  readonly sourceId: number
  readonly source: string
  readonly state: Exclude<Edition, 'active'>
  /** Digests of the settings its records were mapped and read with; undefined while nothing was read. */
  readonly mapping: string | undefined
  readonly madeWith: Json | undefined
  readonly records: number
  readonly chunks: number
  /** When it was begun, and when it last ceased to answer; ISO 8601. */
  readonly begunAt: string
  readonly switchedAt: string | undefined
}

type Held = Pick<Claim, 'sourceId' | 'epoch'>

/** One source's change of editions, under the claims on both. */
export interface EditionSwitch {
  readonly from: Held
  readonly to: Held
}

/** Editions of sources that do not answer: read beside those that do, switched to, gone back to, dropped. */
export interface LedgerEditions {
  editions(): Promise<readonly EditionView[]>
  /** An edition to be read: the half-read one if it is of these settings, else a new one, and the half-read one is dropped. */
  beginEdition(args: {
    source: string
    type: string
    language: string
    mapping: string
    madeWith: Json
  }): Promise<{ readonly sourceId: number }>
  /**
   * In one transaction, for all of these: the edition `to` answers, `from` is kept, one that was kept before is dropped, and every
   * claim on them is void. SOURCE_FENCED when a claim is gone. Nothing happens while one of them was not read to its end or what was
   * deleted of it is unknown: those are named in `unread`.
   */
  switchEditions(args: { switches: readonly EditionSwitch[] }): Promise<{ readonly unread: readonly string[] }>
  /** Marks these editions as dropped (absent: none more), and tombstones the records of all that are. Repeatable. */
  dropEditions(args: { sourceIds?: readonly number[] }): Promise<{ readonly dropped: number }>
  /** Forgets the dropped ones, once no projection needs their tombstones any more. */
  forgetEditions(): Promise<void>
}
