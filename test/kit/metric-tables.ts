import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { Client } from 'pg'
import { z } from 'zod'
import { metricflowFolder } from './metric-cases.ts'
import { sharedData } from './shared-data.ts'

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
  const client = new Client({ connectionString: url })
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

export const jaffleFolder = join(sharedData, 'olap-jaffle-shop')

const jaffleTables = {
  raw_orders: {
    file: 'raw_orders.csv.gz',
    columns:
      'id text, customer text, ordered_at timestamp, store_id text, subtotal bigint, tax_paid bigint, order_total bigint',
  },
  raw_items: { file: 'raw_items.csv.gz', columns: 'id text, order_id text, sku text' },
  raw_products: { file: 'raw_products.csv', columns: 'sku text, name text, type text, price bigint, description text' },
  raw_stores: { file: 'raw_stores.csv', columns: 'id text, name text, opened_at timestamp, tax_rate double precision' },
  raw_supplies: { file: 'raw_supplies.csv', columns: 'id text, name text, cost bigint, perishable boolean, sku text' },
} as const

/** The jaffle shop's raw tables in an empty database. */
export async function loadJaffleTables(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const [table, { file, columns }] of Object.entries(jaffleTables)) {
      await client.query(`create table ${table} (${columns})`)
      const bytes = readFileSync(join(jaffleFolder, file))
      const rows: string[][] = parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes, { from_line: 2 })
      const types = columns.split(', ').map((column) => column.slice(column.indexOf(' ') + 1))
      await insert(client, { table, columns: types, rows })
    }
  } finally {
    await client.end()
  }
}

/** One array a column, so that a table is one statement. */
async function insert(
  client: Client,
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
