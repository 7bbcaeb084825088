import type { Acl } from '../../schemas/config.ts'

/** How an item of a source becomes a record: the templates and names that the configuration gives for it. */
export interface Mapping {
  readonly title?: string
  readonly text?: string
  readonly url?: string
  /** Names that can be filtered on. */
  readonly fields: readonly string[]
  /** Who may read; undefined means administrators only. */
  readonly acl: Acl | undefined
  /** In place of `acl`: the column that holds its entries as they are. For what Aquifer itself writes, never from a file. */
  readonly readers?: string
  /** Column that already holds the vector. */
  readonly vector?: string
}
