import { expect, test } from 'vitest'
import { estimateTokens } from '../../src/core/tokens.ts'
import { memoryKnowledge } from '../kit/memory-knowledge.ts'
import { memoryNumbers } from '../kit/memory-numbers.ts'
import { clerk, openDoor } from '../kit/mcp-door.ts'
import { shopMetrics } from '../kit/shop-metrics.ts'

const countries = ['Austria', 'Germany', 'Denmark']
const door = openDoor(memoryKnowledge([]), memoryNumbers(shopMetrics, { values: countries }))

test('describe_metric tells definition, trust, lineage and what it can be asked by', async () => {
  const { content, texts } = await door.call('describe_metric', { name: 'net_revenue' }, clerk)
  expect(content).toEqual({
    name: 'net_revenue',
    definition: {
      type: 'simple',
      label: 'Net revenue',
      description: 'What customers paid',
      synonyms: ['revenue', 'sales'],
      scope: 'without internal orders',
      status: 'certified',
      version: 1,
      definition_hash: 'd'.repeat(64),
    },
    lineage: 'metric net_revenue = net_revenue\n└─ measure net_revenue = sum(amount)\n   └─ table shop.orders on shop',
    checks: [],
    dimensions: [
      { name: 'metric_time', kind: 'time', grain: 'day' },
      { name: 'product__category', kind: 'dimension' },
      { name: 'customer__country', kind: 'dimension' },
    ],
    total_dimensions: 3,
  })
  expect(texts).toEqual([JSON.stringify(content)])
})

const values = async (args: object): Promise<unknown> =>
  (await door.call('describe_metric', { name: 'orders', dimension: 'customer__country', ...args })).content

test('with a dimension it answers its values, or those that hold some text', async () => {
  expect(await values({})).toEqual({ name: 'orders', values: countries, more_values: false })
  expect(await values({ like: 'many' })).toEqual({ name: 'orders', values: ['Germany'], more_values: false })
})

test('of very many values the first hundred are shown', async () => {
  const numbers = memoryNumbers(shopMetrics, { values: Array.from({ length: 101 }, (_, i) => i) })
  const { content } = await openDoor(memoryKnowledge([]), numbers).call('describe_metric', {
    name: 'orders',
    dimension: 'customer__id',
  })
  expect(content).toEqual({ name: 'orders', values: Array.from({ length: 100 }, (_, i) => i), more_values: true })
})

test('some text without a dimension is refused', async () => {
  const { isError, texts } = await door.call('describe_metric', { name: 'orders', like: 'x' })
  expect(isError).toBe(true)
  expect(texts[0]).toContain('Name the dimension too')
})

async function told(name: string): Promise<unknown> {
  const { isError, texts } = await door.call('describe_metric', { name }, clerk)
  expect(isError).toBe(true)
  return JSON.parse(texts[0] ?? '')
}

test('a metric that may not be seen is as unknown as one that is not there', async () => {
  const fix = 'Use a name that find_metrics lists.'
  const known = 'gross_revenue, net_revenue, orders'
  expect(await told('payroll')).toEqual({
    error: { code: 'METRIC_UNKNOWN', message: `There is no metric payroll; known: ${known}`, fix },
  })
  expect(await told('weather')).toEqual({
    error: { code: 'METRIC_UNKNOWN', message: `There is no metric weather; known: ${known}`, fix },
  })
  expect(await told('net_revenu')).toMatchObject({
    error: { message: 'There is no metric net_revenu; did you mean net_revenue?' },
  })
})

test('of very many dimensions the nearest are shown, and how many there are', async () => {
  const dimensions = Array.from({ length: 800 }, (_, i) => `customer__field_${String(i).padStart(3, '0')}`)
  const { content, texts } = await openDoor(memoryKnowledge([]), memoryNumbers([{ name: 'orders', dimensions }])).call(
    'describe_metric',
    { name: 'orders' },
  )
  expect(content).toMatchObject({ total_dimensions: 800 })
  expect(estimateTokens(texts[0] ?? '')).toBeLessThanOrEqual(8000)
})

test('where there are very many metrics, an error names some and how many more there are', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ name: `metric_${String(i)}` }))
  const { texts } = await openDoor(memoryKnowledge([]), memoryNumbers(many)).call('describe_metric', {
    name: 'weather',
  })
  expect(texts[0]?.length).toBeLessThan(800)
  expect(texts[0]).toContain('metric_29 and 970 more')
})
