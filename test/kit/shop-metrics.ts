import type { MemoryMetric } from './memory-numbers.ts'

/** The numbers of a small shop: two of them are called revenue, and one is for its managers alone. */
export const shopMetrics: readonly MemoryMetric[] = [
  {
    name: 'gross_revenue',
    label: 'Gross revenue',
    description: 'What was ordered, before returns',
    synonyms: ['revenue', 'turnover'],
    status: 'draft',
    dimensions: ['metric_time', 'product__category', 'customer__country'],
    value: 1200,
    rows: [
      ['kettles', 800],
      ['pans', 400],
    ],
  },
  {
    name: 'net_revenue',
    label: 'Net revenue',
    description: 'What customers paid',
    synonyms: ['revenue', 'sales'],
    scope: 'without internal orders',
    status: 'certified',
    checks: 'passed',
    dimensions: ['metric_time', 'product__category', 'customer__country'],
    value: 1000,
    rows: [
      ['kettles', 700],
      ['pans', 300],
    ],
  },
  {
    name: 'orders',
    description: 'Orders that were placed',
    checks: 'failed',
    dimensions: ['metric_time', 'customer__country'],
    value: 40,
  },
  { name: 'payroll', description: 'What people earn', groups: ['managers'], value: 99 },
]
