import type { Draft } from '../draft.ts'
import type { Item } from '../item.ts'
import type { ImportOptions } from '../metricflow/context.ts'

export interface Field {
  readonly item: Item
  readonly name: string
  /** Its SQL over columns of the table. */
  readonly expr: string
}

export interface Dataset {
  readonly item: Item
  readonly name: string
  /** By the name in lower case: SQL reads names without regard to case. */
  readonly fields: ReadonlyMap<string, Field>
  /** Columns of the primary key, in lower case; of each unique key too. */
  readonly primaryKey: readonly string[]
  readonly uniqueKeys: readonly (readonly string[])[]
}

export interface OsiContext extends ImportOptions {
  readonly draft: Draft
  /** By the name in lower case. */
  readonly datasets: ReadonlyMap<string, Dataset>
  /** Names of the metrics, in lower case: an expression may name them. */
  readonly metrics: ReadonlySet<string>
}
