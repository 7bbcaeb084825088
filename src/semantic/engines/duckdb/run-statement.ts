import { StatementType, type DuckDBPreparedStatement } from '@duckdb/node-api'

import { AquiferError } from '../../../core/errors.ts'
import { limitRows } from '../../engine-rows.ts'
import type { EngineResult, RunLimits, SqlValue, Statement } from '../../engine.ts'
import { cellReader, columnType } from './cells.ts'
import { interruptible } from './database.ts'
import { Refused } from '../../engine-words.ts'
import type { Reading } from './source.ts'

export interface Work {
  readonly statement: Statement
  readonly limits: RunLimits
  readonly signal: AbortSignal
}

/** One query, prepared, its rows read in chunks as far as the limits go. Nothing of its answer is left on the connection. */
export async function runStatement(
  { connection, statements }: Pick<Reading, 'connection' | 'statements'>,
  { statement: { sql, values }, limits, signal }: Work,
): Promise<Omit<EngineResult, 'watermark'>> {
  return interruptible(connection, signal, async () => {
    const prepared = await statements.take(sql)
    let isRead = false
    try {
      signal.throwIfAborted()
      if (prepared.statementType !== StatementType.SELECT) throw new Refused('is not a query')
      bindAll(prepared, values)
      const result = await prepared.stream()
      const columns = result.columnNames().map((name, i) => ({ name, type: columnType(result.columnTypeId(i)) }))
      const readers = columns.map((_, i) => cellReader(result.columnTypeId(i)))
      const rows = limitRows(limits)
      for await (const chunk of result) {
        signal.throwIfAborted()
        for (const row of chunk.getRows()) {
          if (!rows.add(row.map((value, i) => readers[i]?.(value) ?? null))) break
        }
        if (rows.truncated) break
      }
      isRead = !rows.truncated
      return { columns, rows: rows.rows, truncated: rows.truncated }
    } finally {
      if (isRead) statements.giveBack(sql, prepared)
      else {
        prepared.destroySync()
        // What is left of an answer keeps its transaction open until another statement takes its place.
        await connection.run('SELECT 1').catch(() => {})
      }
    }
  })
}

function bindAll(prepared: DuckDBPreparedStatement, values: readonly SqlValue[]): void {
  if (prepared.parameterCount !== values.length) {
    throw new AquiferError('INTERNAL', 'A statement and its values do not fit together.')
  }
  for (const [i, value] of values.entries()) bind(prepared, i + 1, value)
}

function bind(prepared: DuckDBPreparedStatement, index: number, value: SqlValue): void {
  if (value === null) prepared.bindNull(index)
  else if (typeof value === 'boolean') prepared.bindBoolean(index, value)
  else if (typeof value === 'string') prepared.bindVarchar(index, value)
  else if (!Number.isSafeInteger(value)) prepared.bindDouble(index, value)
  else if (value === Math.trunc(value % 2 ** 31)) prepared.bindInteger(index, value)
  else prepared.bindBigInt(index, BigInt(value))
}
