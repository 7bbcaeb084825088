import { MetricsFile } from '../../schemas/metrics.ts'
import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { metricCards } from '../../src/semantic/cards/metric-cards.ts'
import { describeIndexerContract, type IndexerFixture } from '../kit/indexer-contract.ts'
import { readOptions } from '../kit/indexer-reading.ts'

/** What a metric can be called. */
const keyOf = (name: string): string => `m${name.replaceAll(/[^a-z0-9]/g, '')}`

describeIndexerContract('metric cards', async (): Promise<IndexerFixture> => {
  const folders = new Map<string, Map<string, string>>([
    ['/first', new Map()],
    ['/second', new Map()],
  ])
  const type = metricCards({
    open: undefined,
    load: async (path) =>
      MetricsFile.parse({
        version: 1,
        models: { orders: { table: 'orders', measures: { amount: { agg: 'sum' } } } },
        metrics: Object.fromEntries(
          [...(folders.get(path) ?? [])].map(([name, description]) => [
            name,
            { type: 'simple', measure: 'amount', description },
          ]),
        ),
      }),
  })
  return {
    sources: ['first', 'second'],
    deletes: type.deletes,
    open: (options) =>
      type.open(undefined, { ...options, sources: { first: { path: '/first' }, second: { path: '/second' } } }),
    async put(source, name, text) {
      const key = keyOf(name)
      folders.get(`/${source}`)?.set(key, text)
      return key
    },
    async remove(source, name) {
      folders.get(`/${source}`)?.delete(keyOf(name))
    },
    accepts: (name) => /^[a-z][a-z0-9]*$/.test(name),
    // One of very many files is never news alone: the definitions are one layer.
    readsWhole: true,
    [Symbol.asyncDispose]: async () => {},
  }
})

test('definitions that are wrong are an error, not an empty source', async () => {
  const type = metricCards({
    open: undefined,
    load: () => Promise.reject(new AquiferError('CONFIG_INVALID', 'metrics/shop.yaml:3:4 models: missing')),
  })
  await expect(
    type.open(undefined, { ...readOptions(), sources: { metrics: { path: '/metrics' } } }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
