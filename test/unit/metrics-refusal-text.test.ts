import { expect, test } from 'vitest'
import { choiceText } from '../../src/cli/numbers/choice-text.ts'
import { queryCommand } from '../../src/cli/numbers/query-command.ts'
import { refusalText } from '../../src/cli/numbers/refusal-text.ts'
import { splitList } from '../../src/cli/numbers/split-list.ts'

test('a refused column is replaced by the nearest in a command that keeps the rest of the question', () => {
  const refusal = {
    reason: 'ambiguous' as const,
    message: 'created_at could be any of order__created_at, customer__created_at; name one.',
    nearest: ['order__created_at', 'customer__created_at'],
  }
  const request = { metrics: ['revenue'], by: ['country', 'created_at__month'], from: '2026', order: ['-revenue'] }
  expect(refusalText(refusal, request, ['revenue'])).toBe(`Refused (ambiguous): ${refusal.message}
Ask instead:
  aquifer metrics query revenue --by country,order__created_at__month --from 2026 --order -revenue
  aquifer metrics query revenue --by country,customer__created_at__month --from 2026 --order -revenue`)
})

test('a refused name of the condition is replaced there, and only as a whole word', () => {
  const refusal = { reason: 'unreachable' as const, message: 'There is no land.', nearest: ['customer__country'] }
  const request = { metrics: ['revenue'], where: "land = 'highland' or landing = 'us'" }
  expect(refusalText(refusal, request, [])).toContain(`--where "customer__country = 'highland' or landing = 'us'"`)
})

test('a nearest metric takes the place of those asked for, and a missing time is added', () => {
  const request = { metrics: ['stock'], by: ['product'] }
  const refusal = { reason: 'non_additive' as const, message: 'It is a balance.', nearest: ['sold'] }
  expect(refusalText(refusal, request, ['stock', 'sold'])).toContain('  aquifer metrics query sold --by product')
  const timeless = { reason: 'needs_time' as const, message: 'It needs a time.', nearest: ['metric_time'] }
  expect(refusalText(timeless, request, ['stock'])).toBe(`Refused (needs time): It needs a time.
Ask instead:
  aquifer metrics query stock --by product,metric_time`)
})

test('a refusal without alternatives is its reason alone', () => {
  const refusal = { reason: 'other_connection' as const, message: 'Ask one by one.', nearest: [] }
  expect(refusalText(refusal, { metrics: ['a', 'b'] }, ['a', 'b'])).toBe('Refused (other connection): Ask one by one.')
})

test('a choice shows what each definition gives, how far they are apart, and how to ask for one', () => {
  const option = { description: null, status: 'certified' as const }
  const choice = {
    asked: 'sales',
    options: [
      { ...option, metric: 'revenue', scope: 'Paid orders', value: 80.5 },
      { ...option, metric: 'ordered', scope: null, value: 100 },
      { ...option, metric: 'booked', scope: null, value: null },
    ],
    difference: 'ordered is 19.5 above revenue (19.5 % of it).',
  }
  expect(choiceText(choice, { metrics: ['orders', 'sales'], by: ['country'] }, undefined))
    .toBe(`sales can mean any of these:

metric     value  status     what counts
revenue     80.5  certified  Paid orders
ordered    100.0  certified
booked   refused  certified

ordered is 19.5 above revenue (19.5 % of it).
Ask for one:
  aquifer metrics query orders revenue --by country
  aquifer metrics query orders ordered --by country
  aquifer metrics query orders booked --by country`)
})

test('a command holds every part of a question, ready for a shell', () => {
  const command = queryCommand({
    metrics: ['revenue'],
    by: ["TimeDimension('metric_time', 'month')"],
    where: "name = 'O''Hara $5'",
    from: '2026-01',
    to: '2026-03-31T12:00',
    order: ['-revenue', 'country'],
    limit: 5,
    timeZone: 'Europe/Berlin',
    totals: true,
  })
  expect(command).toBe(
    `aquifer metrics query revenue --by "TimeDimension('metric_time', 'month')" --where 'name = '\\''O'\\'''\\''Hara $5'\\''' --from 2026-01 --to 2026-03-31T12:00 --order -revenue,country --limit 5 --time-zone Europe/Berlin --totals`,
  )
  expect(queryCommand({ metrics: [], by: ['country'], distinct: false, extent: true })).toBe(
    'aquifer metrics query --by country --all-rows --extent',
  )
})

test('commas part a list, but not in brackets or quotes', () => {
  expect(splitList("country, TimeDimension('metric_time', 'day'),,Dimension('a,b')")).toEqual([
    'country',
    "TimeDimension('metric_time', 'day')",
    "Dimension('a,b')",
  ])
})
