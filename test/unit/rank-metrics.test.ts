import { expect, test } from 'vitest'
import type { MetricSummary } from '../../schemas/numbers.ts'
import { rankMetrics } from '../../src/semantic/rank-metrics.ts'

function metric(name: string, more: Partial<MetricSummary> = {}): MetricSummary {
  return {
    name,
    type: 'simple',
    label: null,
    description: null,
    synonyms: [],
    scope: null,
    status: 'draft',
    checks: 'none',
    dimensions: [],
    ...more,
  }
}

const metrics = [
  metric('orders', { description: 'Orders that were placed by customers', dimensions: ['customer__country'] }),
  metric('net_revenue', {
    label: 'Net revenue',
    description: 'What customers paid',
    synonyms: ['sales', 'turnover'],
    scope: 'without internal accounts',
    dimensions: ['metric_time', 'product__category'],
  }),
  metric('gross_revenue', { description: 'The revenue before returns', dimensions: ['metric_time', 'store__city'] }),
  metric('active_users', { description: 'Users who signed in', dimensions: ['user__country'] }),
]
const found = (query: string, among = metrics): readonly string[] => rankMetrics(among, query).map(({ name }) => name)

test('without words all come, by name', () => {
  expect(found('')).toEqual(['active_users', 'gross_revenue', 'net_revenue', 'orders'])
  expect(found(' ?! ')).toHaveLength(4)
})

test.for([
  ['net revenue', ['net_revenue', 'gross_revenue']],
  ['turnover', ['net_revenue']],
  ['internal accounts', ['net_revenue']],
  ['country', ['active_users', 'orders']],
  ['order', ['orders']],
  ['revenues by category', ['net_revenue', 'gross_revenue']],
  ['NET-REVENUE', ['net_revenue', 'gross_revenue']],
  ['weather', []],
] as const)('%s finds %j', ([query, names]) => {
  expect(found(query)).toEqual(names)
})

test('a word that stands nowhere is the one it is most like', () => {
  expect(found('revenu')).toEqual(['gross_revenue', 'net_revenue'])
  expect(found('turnovre')).toEqual(['net_revenue'])
})

test('of equally fitting metrics the certified one comes first, and the deprecated one last', () => {
  const three = [
    metric('cost_a', { status: 'deprecated' }),
    metric('cost_b'),
    metric('cost_c', { status: 'certified' }),
  ]
  expect(found('cost', three)).toEqual(['cost_c', 'cost_b', 'cost_a'])
})

test('words of other scripts find what is called by them', () => {
  expect(found('売上高', [metric('sales', { label: '売上高' }), metric('costs', { label: '費用' })])).toEqual(['sales'])
})

test('a thousand metrics are ranked in a moment', () => {
  const many = Array.from({ length: 1000 }, (_, i) =>
    metric(`metric_${String(i)}`, { description: `Number ${String(i)} of something that is counted every single day` }),
  )
  const started = performance.now()
  expect(found('number 777', many)[0]).toBe('metric_777')
  expect(performance.now() - started).toBeLessThan(500)
})
