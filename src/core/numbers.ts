import type {
  CheckOutcome,
  MetricSummary,
  NumbersAnswer,
  NumbersTable,
  Receipt,
  Refusal,
  Verdict,
} from '../../schemas/numbers.ts'
import type { Caller } from './caller.ts'

/** What somebody asks of the metrics; names resolve as `src/semantic/README.md` says. */
export interface NumbersRequest {
  /** Names; a saved query's name alone stands for what it asks. */
  readonly metrics: readonly string[]
  readonly by?: readonly string[] | undefined
  readonly where?: string | undefined
  /** First and last moment of metric_time, both included: `2024`, `2024-03`, `2024-03-31`. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Columns of the answer; `-` before one for downwards. */
  readonly order?: readonly string[] | undefined
  readonly limit?: number | undefined
  readonly timeZone?: string | undefined
  readonly distinct?: boolean | undefined
  readonly extent?: boolean | undefined
  /** Also the metrics over everything, without the columns. */
  readonly totals?: boolean | undefined
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined
  /** Fewer than the deployment's caps; default 1,000 rows. */
  readonly maxRows?: number | undefined
  readonly maxBytes?: number | undefined
  /** How many of the first rows are given, decided by what they are; the receipt is about those. */
  readonly fit?: ((table: Pick<NumbersTable, 'columns' | 'rows'>) => number) | undefined
}

/** A column that a metric can be asked by. */
export interface MetricDimension {
  readonly name: string
  readonly kind: 'dimension' | 'entity' | 'time'
  readonly label: string | null
  readonly description: string | null
  /** Of times: the finest that can be asked for. */
  readonly grain: string | null
}

export interface MetricDetails {
  /** Definition, scope, trust and lineage: see `src/semantic/describe-metric.ts`. */
  readonly metric: unknown
  readonly dimensions: readonly MetricDimension[]
  readonly checks: readonly CheckOutcome[]
}

/** A question that is asked often: `ask` takes its name in place of a metric's. */
export interface SavedQuestion {
  readonly name: string
  readonly description: string | null
  readonly metrics: readonly string[]
  readonly by: readonly string[]
  /** Whether its answer is computed ahead. */
  readonly kept: boolean
}

/** A question's statement, and why it is as it is; nothing is run. */
export interface Explanation {
  readonly sql: string
  readonly values: readonly unknown[]
  readonly dialect: string
  readonly connection: string | null
  /** Tables and models that are read. */
  readonly tables: readonly string[]
  readonly models: readonly string[]
  /** What is aggregated, over which joins, and what its times are: one sentence each. */
  readonly steps: readonly string[]
}

/** A refusal that nobody changes any more. */
export type RefusalView = Pick<Refusal, 'reason' | 'message'> & { readonly nearest: readonly string[] }

/** What the doors ask about numbers. Every call has a caller; forbidden and absent look the same. */
export interface Numbers extends AsyncDisposable {
  list(caller: Caller): Promise<readonly MetricSummary[]>
  /** Those about metrics that the caller sees. */
  savedQuestions(caller: Caller): Promise<readonly SavedQuestion[]>
  /** METRIC_UNKNOWN when absent or not visible. */
  describe(name: string, caller: Caller): Promise<MetricDetails>
  ask(request: NumbersRequest, caller: Caller, options?: AskOptions): Promise<NumbersAnswer>
  /** For administrators: SQL is never shown to others. */
  explain(request: NumbersRequest, caller: Caller): Promise<Explanation | { readonly refusal: RefusalView }>
  /** Values of a dimension, those like `like` first; at most `limit`. */
  values(
    request: {
      readonly dimension: string
      readonly metrics: readonly string[]
      readonly like?: string | undefined
      readonly limit?: number | undefined
    },
    caller: Caller,
    options?: AskOptions,
  ): Promise<readonly (string | number | boolean | null)[]>
  /** Runs the checks of these metrics (default all) and keeps the outcome. */
  check(names: readonly string[] | undefined, options?: AskOptions): Promise<readonly CheckOutcome[]>
  /** Asks a receipt's question again. RECEIPT_INVALID where it is not this deployment's, or was changed. */
  verify(receipt: Receipt, caller: Caller, options?: AskOptions): Promise<Verdict>
}
