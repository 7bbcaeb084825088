import type { Draft } from '../draft.ts'
import type { Item } from '../item.ts'
import type { CalendarInput } from '../layer-input.ts'

export interface ImportOptions {
  /** The connection of aquifer.yaml that the tables are in. */
  readonly connection: string
  /** All connections, where they are known. */
  readonly connections?: readonly string[]
  /** Calendars that other files define: one of the same table is not needed again. */
  readonly calendars?: Readonly<Record<string, CalendarInput>>
  /** The schema of tables that say none, or name it by `$source_schema`. */
  readonly schema: string | undefined
}

/** A metric before it is converted: others may be made of it. */
export interface MetricSource {
  readonly name: string
  readonly item: Item
  /** Where its settings are: `type_params`, or the metric itself in the newer form. */
  readonly params: Item
  /** The model whose `metrics:` it stands under. */
  readonly model: string | undefined
}

/** What the conversion of one import shares. */
export interface Context extends ImportOptions {
  readonly draft: Draft
  readonly metrics: Map<string, MetricSource>
  /** Grains of calendars' own. */
  readonly customGrains: ReadonlySet<string>
  /** What dbt's files say of their models, by name. */
  readonly dbtModels: ReadonlyMap<string, Item>
}
