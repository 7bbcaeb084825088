import type { Cell, ColumnType } from './engine.ts'

/** What somebody asks of the metrics. Names resolve as in `question-names`: see the README of this folder. */
export interface Question {
  readonly metrics: readonly string[]
  /** `customer__country`, `metric_time__month`, `metric_time__extract_dow`, `listing`. */
  readonly by: readonly string[]
  /** See `condition/parse-condition.ts`. */
  readonly where?: string | undefined
  /** First and last moment of metric_time, both included: `2024`, `2024-03`, `2024-03-31`, `2024-03-31T12:00`. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Columns of the answer; `-` before one for downwards. */
  readonly order: readonly string[]
  readonly limit?: number | undefined
  /** IANA name; cuts the periods of dimensions that declare the zone they are stored in. */
  readonly timeZone?: string | undefined
  /** `false`: every row of dimensions asked for without a metric, not only the distinct ones. */
  readonly distinct: boolean
  /** Only the first and the last value of the dimensions asked for without a metric. */
  readonly extent: boolean
}

export interface AnswerColumn {
  readonly name: string
  readonly kind: 'dimension' | 'entity' | 'time' | 'metric'
  readonly type: ColumnType
}

export type RefusalReason =
  | 'unreachable'
  | 'ambiguous'
  | 'fan_out'
  | 'needs_time'
  | 'non_additive'
  | 'time_zone'
  | 'other_connection'
  | 'unsupported'

/** Why there is no number: it could not be proven right. */
export interface Refusal {
  readonly reason: RefusalReason
  readonly message: string
  /** Metrics or dimensions that would work, the nearest first. */
  readonly nearest: readonly string[]
}

export interface Table {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly Cell[])[]
}
