import type { NumbersTable } from '../../../schemas/numbers.ts'
import type { Caller } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import type { AskOptions } from '../../core/numbers.ts'
import type { Compiled } from '../compile.ts'
import { limitRows } from '../engine-rows.ts'
import type { Cell, EngineResult, RunLimits } from '../engine.ts'
import type { Kept } from '../kept/kept-answer.ts'
import type { NumbersContext } from './context.ts'

export type Table = Pick<NumbersTable, 'columns' | 'rows' | 'truncated'>

export interface Ran extends Table {
  /** Of the whole answer, where all of it was read. */
  readonly total: number | undefined
  readonly watermark: string
  readonly dialect: string
  /** When the database was asked, where that was before. */
  readonly asOf: string | undefined
}

/** Runs a compiled question on its connection, or takes what was kept; within the caller's limits and the deployment's. */
export async function runCompiled(
  context: NumbersContext,
  compiled: Compiled,
  caller: Caller,
  { signal, maxRows = Infinity, maxBytes = Infinity, fit }: AskOptions,
  kept?: Kept,
): Promise<Ran> {
  const engine = await context.engine(compiled.connection ?? '')
  const limits = {
    rows: Math.min(maxRows, context.limits.rows),
    bytes: Math.min(maxBytes, context.limits.bytes),
    timeoutMs: context.limits.timeoutMs,
  }
  const result =
    kept === undefined
      ? await engine
          .run(compiled.statement, { limits, tables: compiled.tables, signal })
          .catch((error: unknown) => Promise.reject(forCaller(error, caller)))
      : cut(kept.result, limits)
  const table = shape(compiled, result)
  return {
    ...(fit === undefined ? table : fitted(table, fit(table))),
    total: kept?.result.rows.length ?? (table.truncated ? undefined : table.rows.length),
    watermark: result.watermark,
    dialect: engine.dialect,
    asOf: kept?.asOf,
  }
}

/** As far as an engine would have read. */
function cut(result: EngineResult, limits: Pick<RunLimits, 'rows' | 'bytes'>): EngineResult {
  const limited = limitRows(limits)
  for (const row of result.rows) if (!limited.add(row)) break
  return { ...result, rows: limited.rows, truncated: limited.truncated }
}

const fitted = (table: Table, count: number): Table =>
  count >= table.rows.length ? table : { ...table, rows: table.rows.slice(0, Math.max(0, count)), truncated: true }

/** What a definition does wrong in its database is for those who may mend it. */
function forCaller(error: unknown, caller: Caller): unknown {
  if (caller.admin || !(error instanceof AquiferError) || error.code !== 'METRIC_SQL_FAILED') return error
  return new AquiferError('METRIC_SQL_FAILED', 'The definition does not work in its database.', { cause: error })
}

function shape({ columns }: Compiled, result: EngineResult): Table {
  return {
    columns: columns.map(({ name, kind, date }, index) => {
      const type = result.columns[index]?.type ?? 'text'
      return { name, kind, type: date && type === 'timestamp' ? 'date' : type }
    }),
    rows: result.rows.map((row) => row.map((cell, index) => shown(cell, columns[index]?.date ?? false))),
    truncated: result.truncated,
  }
}

/** A period of a day or more by its first day. */
const shown = (cell: Cell, date: boolean): Cell => (date && typeof cell === 'string' ? cell.slice(0, 10) : cell)
