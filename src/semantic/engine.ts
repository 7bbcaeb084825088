/** Which SQL a database speaks: one file of `dialects/` each. MariaDB is `mysql`; an embedded Postgres is `postgres`. */
export type DialectName = 'postgres' | 'duckdb' | 'mysql' | 'clickhouse'

export type SqlValue = string | number | boolean | null

/** One compiled statement. Placeholders are the dialect's (`$1` or `?`), values in their order. */
export interface Statement {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** `date` is `2020-01-31`, `timestamp` is `2020-01-31T00:00:00` with as many decimals as it has, without a zone. */
export type ColumnType = 'number' | 'text' | 'boolean' | 'date' | 'timestamp'

/** A number that a double cannot hold is its decimal digits as text. */
export type Cell = string | number | boolean | null

export interface RunLimits {
  /** Rows beyond it are left unread; `truncated` says so. */
  readonly rows: number
  /** Of the rows as JSON text, about. */
  readonly bytes: number
  readonly timeoutMs: number
}

export interface EngineResult {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: readonly (readonly Cell[])[]
  /** There were more rows than the limits let through. */
  readonly truncated: boolean
  /**
   * Where the data stood when the statement saw them: equal watermarks mean that nothing was written in between. Taken in
   * the same snapshot as the rows where the database has one, else before them.
   */
  readonly watermark: string
}

export interface RunOptions {
  readonly limits: RunLimits
  /** The tables (or files) that the statement reads, as the models name them. */
  readonly tables: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/**
 * A database that metrics are computed in. Opening it reads nothing. Each statement runs alone, read-only, prepared, with a
 * timeout; it is cancelled in the database when the signal fires. Errors are AquiferErrors without SQL, values or hosts.
 */
export interface Engine extends AsyncDisposable {
  readonly dialect: DialectName
  run(statement: Statement, options: RunOptions): Promise<EngineResult>
  /** Columns of a table or file with their types; METRIC_TABLE_UNKNOWN with the nearest name. */
  columns(table: string): Promise<readonly { readonly name: string; readonly type: ColumnType }[]>
  /**
   * Whether any of these tables is a view, or is elsewhere: then it may show other rows though the watermark is the same.
   * Absent: the watermark covers that.
   */
  hasViews?(tables: readonly string[]): Promise<boolean>
  /** Whether it knows time zones by name; absent: it does. */
  zones?(): Promise<boolean>
  /** Reaches the database, and says what an operator should change about the connection: one sentence each. */
  check?(): Promise<readonly string[]>
}
