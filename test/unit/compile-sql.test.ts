import { expect, test } from 'vitest'
import { compileQuestion } from '../../src/semantic/compile.ts'
import type { DialectName } from '../../src/semantic/engine.ts'
import { accessOf } from '../../src/semantic/plan/access.ts'
import type { Question } from '../../src/semantic/question.ts'
import { shopLayer } from '../kit/shop-layer.ts'

const access = accessOf(shopLayer, { id: 'local', groups: [], admin: true }, undefined)
const dialects: readonly DialectName[] = ['postgres', 'duckdb', 'mysql', 'clickhouse']

const questions: Readonly<Record<string, Partial<Question>>> = {
  'over two joins, with a condition and bounds': {
    metrics: ['revenue'],
    by: ['customer__country__name', 'metric_time__month'],
    where: "order__channel in ('web', 'store') and not customer__tier = 'test'",
    from: '2024',
    to: '2024-06',
    order: ['-revenue'],
    limit: 10,
  },
  'two facts': { metrics: ['refund_share'], by: ['metric_time__quarter'] },
  'a percentile in a time zone': { metrics: ['median_order'], by: ['metric_time__week'], timeZone: 'Europe/Berlin' },
  'a window': { metrics: ['weekly_revenue'], by: ['metric_time__day'] },
  'as it was a month before': { metrics: ['growth'], by: ['metric_time__month'] },
  'the last of each account': { metrics: ['balance'], by: ['metric_time__month'] },
  'by the value of a metric': { metrics: ['revenue'], by: ['customer__tier'], where: 'metric(orders, customer) > 3' },
  'combinations without a metric': { by: ['country__name', 'customer__tier'] },
}

test('questions become these statements', async () => {
  const texts = Object.entries(questions).flatMap(([title, question]) =>
    dialects.map((dialect) => {
      const whole: Question = { metrics: [], by: [], order: [], distinct: true, extent: false, ...question }
      const compiled = compileQuestion(shopLayer, whole, { dialect, access })
      if ('refusal' in compiled) return `-- ${title}, ${dialect}: ${compiled.refusal.message}`
      const { sql, values } = compiled.statement
      return `-- ${title}, ${dialect}: ${JSON.stringify(values)}\n${sql}`
    }),
  )
  await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot('compile-sql.snapshot')
})
