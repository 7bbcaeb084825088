import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exportMetrics } from '../../src/cli/export-metrics.ts'
import { importMetrics, type ImportRequest, type ImportResult } from '../../src/cli/import-metrics.ts'
import { loadMetrics } from '../../src/cli/load-metrics.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { openConfigFolder, type ConfigFolder } from '../kit/config-folder.ts'
import { sharedData } from '../kit/shared-data.ts'

const yaml = `version: 1
connections:
  shop: { type: postgres, url: 'postgresql://app@127.0.0.1/shop' }
metrics: ./metrics
`
const sales = `semantic_models:
  - name: sales
    model: ref('sales')
    defaults: { agg_time_dimension: sold_at }
    entities: [{ name: sale, type: primary, expr: sale_id }]
    dimensions:
      - { name: sold_at, type: time, type_params: { time_granularity: day } }
    measures: [{ name: total, agg: sum, expr: amount }]
metrics:
  - { name: revenue, type: simple, type_params: { measure: total } }
`
const request: ImportRequest = { path: 'dbt', connection: 'shop', replace: false, skipUnsupported: false }

async function importInto(folder: ConfigFolder, more: Partial<ImportRequest> = {}): Promise<ImportResult> {
  return await importMetrics(await folder.load(), { ...request, ...more }, folder.path)
}

/** Code and message that an import ends in, and every file of the metrics folder before and after it the same. */
async function refusedImport(folder: ConfigFolder, more: Partial<ImportRequest> = {}): Promise<string> {
  const before = await contentOf(folder)
  const thrown: unknown = await importInto(folder, more).catch((error: unknown) => error)
  expect(await contentOf(folder)).toEqual(before)
  if (!(thrown instanceof AquiferError)) return 'imported'
  return `${thrown.code} ${thrown.message}`.replaceAll(folder.path, 'DIR')
}

async function contentOf({ path }: ConfigFolder): Promise<Readonly<Record<string, string>>> {
  const dir = join(path, 'metrics')
  const names = existsSync(dir) ? await readdir(dir) : []
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')])),
  )
}

test('an import makes one file in the folder of the metrics, and it loads', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'dbt/sales.yml': sales })
  const result = await importInto(folder, { schema: 'mart' })
  expect(result).toEqual({
    file: join(folder.path, 'metrics/imported-dbt.yaml'),
    models: 1,
    metrics: 1,
    queries: 0,
    calendars: 0,
    notes: [],
  })
  expect(await contentOf(folder)).toEqual({
    'imported-dbt.yaml': `# Imported from dbt by \`aquifer metrics import\`, which replaces this file unless it is edited.
# 215c3fdcd5d049d2
version: 1
models:
  sales:
    connection: shop
    table: mart.sales
    time: sold_at
    entities:
      sale: { type: primary, expr: sale_id }
    dimensions:
      sold_at: { type: time, grain: day }
    measures:
      total: { agg: sum, expr: amount }
metrics:
  revenue:
    type: simple
    measure: total
`,
  })
  expect(Object.keys((await loadMetrics(await folder.load(), folder.path)).metrics)).toEqual(['revenue'])
})

test('the next import replaces the file as long as nobody has edited it and it is of the same', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': yaml,
    'dbt/sales.yml': sales,
    'other/dbt/sales.yml': sales,
  })
  await importInto(folder)
  await writeFile(join(folder.path, 'dbt/sales.yml'), sales.replace('name: revenue', 'name: turnover'))
  await importInto(folder)
  const { file } = await importInto(folder)
  expect(await readFile(file, 'utf8')).toContain('turnover')
  const edited = (await readFile(file, 'utf8')).replace('amount', 'net')
  await writeFile(file, edited.replaceAll('\n', '\r\n').replace('net', 'amount'))
  await importInto(folder)
  expect(await refusedImport(folder, { path: 'other/dbt' })).toBe(
    'METRICS_IMPORT_EDITED DIR/metrics/imported-dbt.yaml was imported from dbt.',
  )
  await writeFile(file, edited)
  expect(await refusedImport(folder)).toBe(
    'METRICS_IMPORT_EDITED DIR/metrics/imported-dbt.yaml was edited since it was imported.',
  )
  await importInto(folder, { replace: true })
  expect(await readFile(file, 'utf8')).toContain('amount')
  expect(Object.keys(await contentOf(folder))).toEqual(['imported-dbt.yaml'])
})

test('a bad import changes nothing, and is told in lines of what was imported', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': yaml,
    'metrics/own.yaml': 'version: 1\nmetrics: { twice: { type: derived, expr: revenue * 2, inputs: [revenue] } }\n',
    'dbt/sales.yml': sales,
  })
  await importInto(folder)
  const write = (text: string): Promise<void> => writeFile(join(folder.path, 'dbt/sales.yml'), text)
  await write(sales.replace('measure: total', 'measure: totl'))
  expect(await refusedImport(folder)).toBe(
    'METRICS_IMPORT_INVALID dbt/sales.yml:10:5 metric revenue: measure: there is no measure totl; did you mean total?',
  )
  await write(sales.replace('expr: amount', 'agg_time_dimension: sold_on, expr: amount'))
  expect(await refusedImport(folder)).toBe(
    `METRICS_IMPORT_INVALID This cannot be carried over:
  dbt/sales.yml:8:16 measure total: time: there is no time dimension sold_on; did you mean sold_at?
  --skip-unsupported would leave out with them: metric revenue`,
  )
  await write(sales.replace('name: revenue', 'name: twice'))
  expect(await refusedImport(folder)).toBe(
    'METRICS_IMPORT_INVALID dbt/sales.yml:10:5 metric twice: stands in metrics/own.yaml:2:12 too',
  )
  await write(sales.replace('name: revenue', 'name: turnover'))
  expect(await refusedImport(folder)).toBe(
    'CONFIG_INVALID metrics/own.yaml:2:64 metrics.twice.inputs[0]: there is no metric revenue; known: twice, turnover',
  )
})

test('what the whole layer would be refused for is left out with --skip-unsupported', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': yaml,
    'dbt/sales.yml': `${sales}  - { name: lost, type: simple, filter: "{{ Dimension('sale__nothing') }} = 1", type_params: { measure: total } }
  - { name: lost_share, type: ratio, type_params: { numerator: lost, denominator: revenue } }
`,
  })
  const refused = await refusedImport(folder)
  expect(refused).toContain('metric lost: ')
  const { metrics, notes } = await importInto(folder, { skipUnsupported: true })
  expect(metrics).toBe(1)
  expect(notes).toHaveLength(2)
})

test('what is missing around an import is said: folder, connection, schema', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'dbt/sales.yml': sales })
  expect(await refusedImport(folder, { connection: 'shp' })).toBe(
    'ARGUMENT_INVALID There is no connection shp that metrics can be computed in; did you mean shop?',
  )
  expect(await refusedImport(folder, { schema: 'a b"' })).toBe(
    'ARGUMENT_INVALID A schema is letters, digits, _, $ and -, such as --schema analytics.',
  )
  await using none = await openConfigFolder({
    'aquifer.yaml': yaml.replace('metrics: ./metrics\n', ''),
    'dbt/a.yml': sales,
  })
  expect(await refusedImport(none)).toBe('METRICS_NONE aquifer.yaml names no folder of metrics.')
})

test('a manifest is called by its project, any import as one says, and a schema that nothing needs is told', async () => {
  const manifest = JSON.stringify({
    semantic_models: [
      {
        name: 'sales',
        node_relation: { schema_name: 'main', alias: 'sales' },
        entities: [{ name: 'sale', type: 'primary' }],
      },
    ],
    metrics: [],
  })
  await using folder = await openConfigFolder({
    'aquifer.yaml': yaml,
    'Jaffle Shop/target/semantic_manifest.json': manifest,
  })
  const path = 'Jaffle Shop/target/semantic_manifest.json'
  const { file, notes } = await importInto(folder, { path, schema: 'mart' })
  expect(file).toBe(join(folder.path, 'metrics/imported-jaffle-shop.yaml'))
  expect(notes).toEqual(['--schema mart was not needed: every table names its own schema'])
  expect(await refusedImport(folder, { path, name: 'Other' })).toMatch(
    /stands in metrics\/imported-jaffle-shop\.yaml:5:3 too/,
  )
})

const spine = (table: string): string => `${sales.replaceAll('sales', table)}project_configuration:
  time_spines:
    - { node_relation: { alias: days, schema_name: ${table} }, primary_column: { name: ds, time_granularity: day } }
`

test('a calendar that the folder has already is not defined again, and one of its name gets another', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': yaml,
    'metrics/own.yaml': 'version: 1\ncalendars: { own: { connection: shop, table: a.days, column: ds, grain: day } }\n',
    'a/m.yml': spine('a'),
    'b/m.yml': spine('b').replaceAll(/total|revenue/g, 'other'),
    'c/m.yml': spine('c').replaceAll(/total|revenue/g, 'third'),
  })
  const { notes } = await importInto(folder, { path: 'a' })
  expect(notes).toEqual(['a/m.yml:13:7 calendar a.days: is there already, as own'])
  await importInto(folder, { path: 'b' })
  await importInto(folder, { path: 'c' })
  const { calendars } = await loadMetrics(await folder.load(), folder.path)
  expect(Object.entries(calendars).map(([name, { table }]) => [name, table])).toEqual([
    ['days', 'b.days'],
    ['days_day', 'c.days'],
    ['own', 'a.days'],
  ])
})

test('what was exported is imported again as the same layer', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml, 'dbt/sales.yml': sales })
  await importInto(folder)
  const config = await folder.load()
  const before = await loadMetrics(config, folder.path)
  const { notes } = await exportMetrics(config, join(folder.path, 'osi.yaml'), folder.path)
  expect(notes).toEqual([])
  await using other = await openConfigFolder({
    'aquifer.yaml': yaml,
    'osi.yaml': await readFile(join(folder.path, 'osi.yaml'), 'utf8'),
  })
  await importInto(other, { path: 'osi.yaml' })
  expect(await loadMetrics(await other.load(), other.path)).toEqual(before)
})

const manifests = join(sharedData, 'metrics-metricflow', 'manifests')

test('the simple manifest of MetricFlow comes over whole', async ({ skip }) => {
  if (!existsSync(manifests)) skip('the shared test data is not at hand (AQUIFER_SHARED names its folder)')
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml })
  const { models, metrics, queries, calendars, notes } = await importInto(folder, {
    path: join(manifests, 'simple_manifest'),
    schema: 'mf',
  })
  expect({ models, metrics, queries, calendars }).toEqual({ models: 12, metrics: 113, queries: 5, calendars: 5 })
  expect(notes.map((note) => note.replace(/^\S+ /, ''))).toEqual([
    'nanosecond calendar mf.mf_time_spine_nanosecond: left out, finest grain is millisecond',
    'microsecond calendar mf.mf_time_spine_microsecond: left out, finest grain is millisecond',
    'metric booking_fees_per_booker (and 9 more): a quotient of whole numbers keeps its fraction here, on every database',
  ])
  expect(Object.keys((await loadMetrics(await folder.load(), folder.path)).metrics)).toHaveLength(113)
})
