import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import pg from 'pg'
import { z } from 'zod'
import { metricflowFolder } from './metric-cases.ts'

const Tables = z.record(
  z.string(),
  z.object({
    columns: z.array(z.object({ name: z.string(), type: z.enum(['TIME', 'STRING', 'INT', 'FLOAT', 'BOOLEAN']) })),
  }),
)
const types = {
  TIME: 'timestamp',
  STRING: 'text',
  INT: 'bigint',
  FLOAT: 'double precision',
  BOOLEAN: 'boolean',
} as const

/** MetricFlow's source tables in the schema `mf` of an empty database. */
export async function loadMetricflowTables(url: string): Promise<void> {
  const folder = join(metricflowFolder, 'tables')
  const tables = Tables.parse(JSON.parse(readFileSync(join(folder, '_schema.json'), 'utf8')))
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('create schema mf')
    for (const [table, { columns }] of Object.entries(tables)) {
      const declared = columns.map(({ name, type }) => `${name} ${types[type]}`).join(', ')
      await client.query(`create table mf.${table} (${declared})`)
      const rows: (string | null)[][] = parse(readFileSync(join(folder, `${table}.csv`)), {
        from_line: 2,
        cast: (value) => (value === '\\N' ? null : value),
      })
      await insert(client, { table: `mf.${table}`, columns: columns.map(({ type }) => types[type]), rows })
    }
  } finally {
    await client.end()
  }
}

/** One array a column, so that a table is one statement. */
async function insert(
  client: pg.Client,
  {
    table,
    columns,
    rows,
  }: {
    readonly table: string
    readonly columns: readonly string[]
    readonly rows: readonly (readonly (string | null)[])[]
  },
): Promise<void> {
  const arrays = columns.map((type, index) => `$${String(index + 1)}::${type}[]`).join(', ')
  await client.query(
    `insert into ${table} select * from unnest(${arrays})`,
    columns.map((_, index) => rows.map((row) => row[index] ?? null)),
  )
}
