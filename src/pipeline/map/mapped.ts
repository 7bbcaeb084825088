import type { RecordWrite } from '../../core/ledger-sync.ts'

/** An item as a record: everything the ledger keeps of it but its key, its version and its chunks. */
export interface Mapped extends Pick<
  RecordWrite,
  'title' | 'text' | 'mediaType' | 'url' | 'fields' | 'facets' | 'acl'
> {
  /** The vector that came with the item. */
  readonly vector?: Float32Array
}
