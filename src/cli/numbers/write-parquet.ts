import type { DuckDBConnection } from '@duckdb/node-api'
import type { NumbersTable } from '../../../schemas/numbers.ts'
import type { Cell } from '../../semantic/engine.ts'
import { parquetType } from './parquet-type.ts'
import { replaceFile } from './replace-file.ts'

/** Writes an answer as a Parquet file with the types of its columns; returns the file's absolute path. */
export async function writeParquet(answer: NumbersTable, file: string): Promise<string> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    await stage(connection, answer)
    const columns = answer.columns.map(({ name }, index) => {
      const type = typeOf(answer, index)
      return `CAST(c${String(index)} AS ${type}) AS "${name.replaceAll('"', '""')}"`
    })
    return await replaceFile(file, async (partial) => {
      const target = partial.replaceAll("'", "''")
      // `place` keeps the order: it is the answer's.
      const query = `SELECT ${columns.join(', ')} FROM staged ORDER BY place`
      await connection.run(`COPY (${query}) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`)
    })
  } finally {
    instance.closeSync()
  }
}

function typeOf({ columns, rows }: NumbersTable, index: number): string {
  const column = columns[index]
  return column === undefined
    ? 'VARCHAR'
    : parquetType(
        column,
        rows.map((row) => row[index] ?? null),
      )
}

/** Rows as text, which DuckDB reads as any of its types without losing a digit. */
async function stage(connection: DuckDBConnection, { columns, rows }: NumbersTable): Promise<void> {
  const texts = columns.map((_, index) => `c${String(index)} VARCHAR`)
  await connection.run(`CREATE TABLE staged (place BIGINT, ${texts.join(', ')})`)
  const appender = await connection.createAppender('staged')
  for (const [place, row] of rows.entries()) {
    appender.appendBigInt(BigInt(place))
    for (const index of columns.keys()) append(row[index] ?? null)
    appender.endRow()
  }
  appender.closeSync()

  function append(cell: Cell): void {
    if (cell === null) appender.appendNull()
    else appender.appendVarchar(String(cell))
  }
}
