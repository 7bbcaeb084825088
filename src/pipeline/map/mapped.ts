import type { Json } from '../../../schemas/record.ts'

/** An item as a record: everything the ledger keeps of it but its key and chunks. */
export interface Mapped {
  readonly title: string
  readonly text: string
  /** How `text` comes apart, such as text/markdown. */
  readonly mediaType: string
  /** Empty when there is none. */
  readonly url: string
  readonly fields: Readonly<Record<string, Json>>
  readonly facets: readonly string[]
  /** Who may read; nobody but administrators when empty. */
  readonly acl: readonly string[]
  /** The vector that came with the item. */
  readonly vector?: Float32Array
}
