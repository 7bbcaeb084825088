import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import type { NumbersTable } from '../../schemas/numbers.ts'
import { csvParts } from '../../src/cli/numbers/csv-text.ts'
import { parquetType } from '../../src/cli/numbers/parquet-type.ts'
import { writeCsvFile } from '../../src/cli/numbers/write-csv.ts'
import { writeParquet } from '../../src/cli/numbers/write-parquet.ts'
import { answerOf } from '../kit/numbers-answer.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const columns: NumbersTable['columns'] = [
  { name: 'metric_time__day', kind: 'time', type: 'date' },
  { name: 'seen_at', kind: 'time', type: 'timestamp' },
  { name: 'customer', kind: 'entity', type: 'number' },
  { name: 'customer__"name"', kind: 'dimension', type: 'text' },
  { name: 'is_new', kind: 'dimension', type: 'boolean' },
  { name: 'orders', kind: 'metric', type: 'number' },
  { name: 'revenue', kind: 'metric', type: 'number' },
]
const rows: NumbersTable['rows'] = [
  ['2026-01-31', '2026-01-31T10:00:00.5', 7, 'O"Hara, Ann\nMary', true, 3, '12345678901234567890.15'],
  [null, null, null, null, null, null, null],
  ['2024-02-29', '2024-02-29T00:00:00', 8, '', false, 2, -0.25],
]

test('CSV is as RFC 4180 has it: what needs quotes has them, and nothing differs from empty text', () => {
  expect([...csvParts({ columns, rows })].join('')).toBe(
    [
      'metric_time__day,seen_at,customer,"customer__""name""",is_new,orders,revenue',
      '2026-01-31,2026-01-31T10:00:00.5,7,"O""Hara, Ann\nMary",true,3,12345678901234567890.15',
      ',,,,,,',
      '2024-02-29,2024-02-29T00:00:00,8,"",false,2,-0.25',
      '',
    ].join('\r\n'),
  )
})

test('a long answer is written in parts, and read back whole', async () => {
  await using dir = await openTempDir()
  const long = answerOf({
    columns: columns.slice(3, 4),
    rows: Array.from({ length: 20_000 }, (_, row) => [row % 3 === 0 ? null : `name "${String(row)}"`]),
  })
  const file = await writeCsvFile(long, join(dir.path, 'new/folder/names.csv'))
  const read: unknown[] = parse(await readFile(file, 'utf8'), { from: 2 })
  expect(read).toEqual(long.rows.map(([name]) => [name ?? '']))
})

test('Parquet has the types of the columns and every digit', async () => {
  await using dir = await openTempDir()
  const file = await writeParquet(answerOf({ columns, rows }), join(dir.path, "it's.parquet"))
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const read = async (sql: string): Promise<unknown> => (await connection.runAndReadAll(sql)).getRowsJson()
  const from = `read_parquet('${file.replaceAll("'", "''")}')`
  expect(await read(`SELECT column_name, column_type FROM (DESCRIBE FROM ${from})`)).toEqual([
    ['metric_time__day', 'DATE'],
    ['seen_at', 'TIMESTAMP'],
    ['customer', 'BIGINT'],
    ['customer__"name"', 'VARCHAR'],
    ['is_new', 'BOOLEAN'],
    ['orders', 'DOUBLE'],
    ['revenue', 'DECIMAL(22,2)'],
  ])
  expect(await read(`FROM ${from}`)).toEqual([
    ['2026-01-31', '2026-01-31 10:00:00.5', '7', 'O"Hara, Ann\nMary', true, 3, '12345678901234567890.15'],
    [null, null, null, null, null, null, null],
    ['2024-02-29', '2024-02-29 00:00:00', '8', '', false, 2, '-0.25'],
  ])
  instance.closeSync()
})

test.for<[what: string, kind: 'metric' | 'dimension', cells: NumbersTable['rows'][number], type: string]>([
  ['a metric that happens to be whole', 'metric', [1, 2], 'DOUBLE'],
  ['a key that is not', 'dimension', [1, 2.5], 'DOUBLE'],
  ['digits beyond a decimal', 'metric', ['1'.repeat(39)], 'VARCHAR'],
  ['a long whole number', 'metric', ['9007199254740993', null], 'DECIMAL(16, 0)'],
  ['what no number is', 'metric', ['NaN', 1], 'DOUBLE'],
])('%s has its type in Parquet', ([, kind, cells, type]) => {
  expect(parquetType({ name: 'a', kind, type: 'number' }, cells)).toBe(type)
})

test('a file that cannot be written leaves nothing behind, and says so', async () => {
  await using dir = await openTempDir()
  await expect(writeParquet(answerOf({ columns, rows }), dir.path)).rejects.toMatchObject({
    code: 'DIR_NOT_WRITABLE',
    fix: 'Name a file in a folder that this user may write to.',
  })
  await expect(writeCsvFile(answerOf({ columns, rows }), join('/dev/null', 'a.csv'))).rejects.toMatchObject({
    code: 'DIR_NOT_WRITABLE',
  })
})
