import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Row } from '../evaluator/value.ts'
import type { Random } from '../random.ts'

export type ColumnKind = 'integer' | 'decimal' | 'double' | 'text' | 'boolean' | 'date' | 'timestamp'

export interface TableColumn {
  readonly name: string
  readonly kind: ColumnKind
}

export interface GeneratedTable {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly Row[]
}

/** A layer with the tables it speaks of, made from a seed. */
export interface Generated {
  readonly seed: number
  readonly layer: MetricLayer
  readonly tables: Readonly<Record<string, GeneratedTable>>
  /** What is in a model's dimensions and entities. */
  readonly kinds: Readonly<Record<string, Readonly<Record<string, ColumnKind>>>>
}

/** A model as it is being made: parts of the layer's YAML, not parsed yet. */
export interface Draft {
  readonly name: string
  readonly table: string
  readonly model: {
    connection: string
    table: string
    time?: string
    primary?: string
    entities: Record<string, unknown>
    dimensions: Record<string, unknown>
    measures: Record<string, unknown>
  }
  readonly columns: TableColumn[]
  readonly kinds: Record<string, ColumnKind>
  rows: Row[]
  /** Keys that rows of others can point to, by entity. */
  readonly keys: Record<string, readonly (string | number)[]>
}

export const chance = (random: Random, share: number): boolean => random.next() < share

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.int(0, items.length - 1)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

export function createDraft(name: string, table: string): Draft {
  return {
    name,
    table,
    model: { connection: 'db', table, entities: {}, dimensions: {}, measures: {} },
    columns: [],
    kinds: {},
    rows: [],
    keys: {},
  }
}
