import type { DuckDBConnection } from '@duckdb/node-api'
import { z } from 'zod'

import { literal } from './database.ts'
import type { TakenFile } from './file-store.ts'

/** How a CSV file is written, and what its columns hold. */
export interface CsvShape {
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** As strptime writes it; absent for ISO. */
  readonly dates: string | undefined
  readonly timestamps: string | undefined
}

const Sniffed = z.object({
  Delimiter: z.string(),
  Quote: z.string(),
  Escape: z.string(),
  Columns: z.array(z.object({ name: z.string(), type: z.string() })),
  DateFormat: z.string().nullable(),
  TimestampFormat: z.string().nullable(),
})
const Counts = z.array(z.coerce.number())

/** Sniffing reads with one core and keeps trying; above this size a sample is taken, and held against the whole file. */
const largeBytes = 16_000_000
const sampleRows = 20_480

/** A CSV file of which no table can be made. */
export class BadCsv extends Error {}

/** The shape of the whole file, whatever comes late in it. */
export async function csvShape(
  connection: DuckDBConnection,
  { local, bytes }: { readonly local: string; readonly bytes: number },
  nulls: readonly string[],
): Promise<CsvShape> {
  if (bytes > largeBytes) {
    const guess = await sniff(connection, local, nulls, sampleRows)
    if (await holds(connection, local, nulls, guess)) return guess
  }
  return sniff(connection, local, nulls, -1)
}

/** How many values each column has that are not null, in the columns' order. */
export async function countValues(
  connection: DuckDBConnection,
  file: Pick<TakenFile, 'local'>,
  nulls: readonly string[],
  shape: CsvShape,
): Promise<readonly number[]> {
  return counts(connection, `SELECT count(COLUMNS(*)) FROM ${readCsv([file.local], nulls, shape)}`)
}

/** The call that reads these files, which all have this shape. */
export function readCsv(
  locals: readonly string[],
  nulls: readonly string[],
  shape: CsvShape,
  partitioned = false,
): string {
  const { delimiter, quote, escape, columns, dates, timestamps } = shape
  const options = [
    'auto_detect = false',
    'header = true',
    `delim = ${literal(delimiter)}`,
    `quote = ${literal(quote)}`,
    `escape = ${literal(escape)}`,
    `nullstr = [${nulls.map(literal).join(', ')}]`,
    `columns = {${columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ')}}`,
    ...(dates === undefined ? [] : [`dateformat = ${literal(dates)}`]),
    ...(timestamps === undefined ? [] : [`timestampformat = ${literal(timestamps)}`]),
    `hive_partitioning = ${String(partitioned)}`,
  ]
  return `read_csv([${locals.map(literal).join(', ')}], ${options.join(', ')})`
}

/** Nothing is skipped, neither lines at the beginning nor what looks like a comment: rows would be missing silently. */
async function sniff(
  connection: DuckDBConnection,
  local: string,
  nulls: readonly string[],
  rows: number,
): Promise<CsvShape> {
  const options = `header = true, skip = 0, comment = '', nullstr = [${nulls.map(literal).join(', ')}]`
  const reader = await connection.runAndReadAll(
    `FROM sniff_csv(${literal(local)}, ${options}, sample_size = ${String(rows)})`,
  )
  const found = Sniffed.parse(reader.getRowObjectsJson()[0])
  const [only, ...others] = found.Columns
  if (only !== undefined && others.length === 0 && /[,;|\t]/.test(only.name)) {
    throw new BadCsv('has lines with more or fewer columns than its head')
  }
  // Where there are no quotes there is no telling which; and then it matters only for a sample.
  const quote = found.Quote === '' || found.Quote === '(empty)' ? '"' : found.Quote
  const escape = found.Escape === '' || found.Escape === '(empty)' ? quote : found.Escape
  if (nulls.some((text) => text.includes(escape))) {
    throw new BadCsv(`writes ${escape} before its quotes, so that it can't stand in \`nulls\` of the connection too`)
  }
  return {
    delimiter: found.Delimiter,
    quote,
    escape,
    columns: found.Columns,
    dates: found.DateFormat ?? undefined,
    timestamps: found.TimestampFormat ?? undefined,
  }
}

/** Whether a shape that a sample gave is that of the whole file. */
async function holds(
  connection: DuckDBConnection,
  local: string,
  nulls: readonly string[],
  shape: CsvShape,
): Promise<boolean> {
  try {
    const whole = await countValues(connection, { local }, nulls, shape)
    const texts = { ...shape, columns: shape.columns.map(({ name }) => ({ name, type: 'VARCHAR' })) }
    const sample = `SELECT * FROM ${readCsv([local], nulls, texts)} LIMIT ${String(sampleRows)}`
    const begin = await counts(connection, `SELECT count(COLUMNS(*)) FROM (${sample})`)
    return begin.every((count, i) => count > 0 || whole[i] === 0)
  } catch {
    return false
  }
}

async function counts(connection: DuckDBConnection, sql: string): Promise<readonly number[]> {
  const reader = await connection.runAndReadAll(sql)
  return Counts.parse(reader.getRowsJson()[0])
}
