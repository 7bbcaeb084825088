import { expect, test } from 'vitest'

import { defineConfig, defineMetrics } from '../../src/config/define-config.ts'

test('a configuration in TypeScript knows the keys of every type of source', () => {
  const config = defineConfig({
    version: 1,
    connections: {
      shop: { type: 'postgres', url: { env: 'SHOP_URL' }, statementTimeout: '1m' },
      lake: { type: 'duckdb', path: './data', tables: { orders: 'orders/*.parquet' } },
    },
    sources: {
      docs: { type: 'files', path: './docs', every: '30s' },
      films: { connection: 'shop', table: 'film', fields: ['rating'], freshness: { warn: '5m' } },
    },
  })
  expect(Object.keys(config.sources ?? {})).toEqual(['docs', 'films'])
})

test('what is misspelt or missing does not compile', () => {
  // @ts-expect-error tabel
  defineConfig({ version: 1, sources: { films: { connection: 'shop', tabel: 'film' } } })
  // @ts-expect-error a folder has no connection
  defineConfig({ version: 1, connections: { docs: { type: 'files' } } })
  // @ts-expect-error tabels
  defineConfig({ version: 1, connections: { lake: { type: 'duckdb', path: './data', tabels: {} } } })
  // @ts-expect-error no version
  expect(defineConfig({ sources: {} })).toEqual({ sources: {} })
})

test('metrics in TypeScript know their own keys', () => {
  const metrics = defineMetrics({
    version: 1,
    models: { orders: { table: 'orders', measures: { amount: { agg: 'sum' } } } },
    metrics: { revenue: { type: 'simple', measure: 'amount' } },
  })
  expect(Object.keys(metrics.metrics ?? {})).toEqual(['revenue'])
  // @ts-expect-error aggregate
  defineMetrics({ version: 1, models: { orders: { table: 'orders', measures: { amount: { aggregate: 'sum' } } } } })
})
