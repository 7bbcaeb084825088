import { expect, test } from 'vitest'
import { answerText } from '../../src/cli/numbers/answer-text.ts'
import { answerOf, byMonth, receiptOf } from '../kit/numbers-answer.ts'

const proof = `revenue v3, certified: Excludes internal accounts
shop, asked 2026-07-27 10:31:02 UTC · times in UTC · checks pass · data 0123456789abcdef…
Proof: --receipt FILE keeps the receipt; \`aquifer metrics verify FILE\` asks again.`

test('an answer by month is a table with aligned decimals, a total, a drawing and its proof', () => {
  const rows = [
    ['2026-01-01', 1200.5],
    ['2026-02-01', 80],
    ['2026-04-01', null],
    ['2026-05-01', 4000.25],
  ]
  expect(answerText(answerOf({ columns: byMonth, rows, totals: [5280.75] }), { width: undefined }))
    .toBe(`metric_time__month  revenue
2026-01             1200.50
2026-02               80.00
2026-04                   ·
2026-05             4000.25
───────────────────────────
total               5280.75

revenue  ▃▁  █  lowest 80.00 (2026-02), highest 4000.25 (2026-05)

${proof}`)
})

test('what fails is said first and marked, then the rest', () => {
  const failing = 'revenue is certified, but its check has_rows fails: 0 rows (2026-07-27T10:00:00.000Z)'
  const text = answerText(
    answerOf({
      rows: [[1]],
      notices: ['sales was taken for the metric revenue.', failing],
      receipt: receiptOf({ checks: 'failed' }),
    }),
    { width: undefined, receiptFile: 'r.json' },
  )
  expect(text.split('\n').slice(0, 2)).toEqual([`! ${failing}`, 'note: sales was taken for the metric revenue.'])
  expect(text).toContain('· CHECKS FAIL ·')
  expect(text).toMatch(/^Proof: r\.json; `aquifer metrics verify r\.json` asks again\.$/m)
})

test('a truncated answer says how many rows there are, once', () => {
  const text = answerText(
    answerOf({
      columns: byMonth,
      rows: [['2026-01-01', 1]],
      truncated: true,
      total_rows: 74_880,
      totals: [99],
      notices: ['The first 1 of 74880 rows; narrow the question, or ask for fewer columns.'],
    }),
    { width: undefined },
  )
  expect(text).toContain('First 1 of 74,880 rows. --limit N shows more or fewer, --csv FILE writes them.')
  expect(text).toMatch(/^total of all +99$/m)
  expect(text).not.toContain('74880')
})

test('no rows, and totals that have no value, are said', () => {
  const text = answerText(answerOf({ columns: byMonth, rows: [] }), { width: undefined, totals: true })
  expect(text.split('\n\n')).toEqual(['No rows.', 'No totals: without its columns this has no value.', proof])
})

test('noise of doubles is not shown, digits beyond four decimals are rounded and said, exact digits stay', () => {
  const columns = ['sum', 'ratio', 'rate', 'exact'].map((name) => ({
    name,
    kind: 'metric' as const,
    type: 'number' as const,
  }))
  const rows = [
    [42_693.100000000006, 503.309602, 0.00012345678, '12345678901234567890.15'],
    [2, 2 / 3, 1e-9, -1],
    [-0.3, -1e-7, null, '0.1'],
  ]
  expect(answerText(answerOf({ columns, rows }), { width: undefined }).split('\n\n').slice(0, 2)).toEqual([
    `    sum     ratio       rate                    exact
42693.1  503.3096  0.0001235  12345678901234567890.15
    2.0    0.6667  0.0000000                    -1.00
   -0.3    0.0000          ·                     0.10`,
    'Rounded here: ratio, rate. --csv and --json have every digit.',
  ])
})

test('times are as short as their grain, and whole where the values are not of the grain', () => {
  const columns = ['year', 'quarter', 'week', 'hour', 'month'].map((grain) => ({
    name: `a__${grain}`,
    kind: 'time' as const,
    type: grain === 'hour' ? ('timestamp' as const) : ('date' as const),
  }))
  const rows = [
    ['2026-01-01', '2026-04-01', '2026-04-06', '2026-04-06T13:00:00', '2026-04-02'],
    ['2025-01-01', '2025-10-01', null, '2026-04-06T00:00:00', '2026-05-01'],
  ]
  expect(answerText(answerOf({ columns, rows }), { width: undefined }).split('\n\n')[0]).toBe(
    `a__year  a__quarter  a__week     a__hour           a__month
2026     2026-Q2     2026-04-06  2026-04-06 13:00  2026-04-02
2025     2025-Q4     ·           2026-04-06 00:00  2026-05-01`,
  )
})

test('text of a source stays on its line, moves no cursor, and can be told from nothing', () => {
  const columns = [
    { name: 'customer__name', kind: 'dimension' as const, type: 'text' as const },
    { name: 'orders', kind: 'metric' as const, type: 'number' as const },
  ]
  const rows = [
    ['two\nlines\u001b[2J', 1],
    ['', 2],
    [null, 3],
    ['日本', 4],
  ]
  expect(answerText(answerOf({ columns, rows }), { width: undefined }).split('\n\n')[0]).toBe(
    `customer__name  orders
two lines\ufffd[2J        1
""                   2
·                    3
日本                 4`,
  )
})

test('on a narrow terminal text and names are cut, then columns are left out and named; numbers never lose digits', () => {
  const columns = [
    { name: 'customer__name', kind: 'dimension' as const, type: 'text' as const },
    ...['revenue', 'orders_of_the_last_year', 'average_order'].map((name) => ({
      name,
      kind: 'metric' as const,
      type: 'number' as const,
    })),
  ]
  const rows = [
    ['A customer with a long name', 123_456.25, 17, 11.5],
    ['日本日本日本日本', 1, 2, 3],
  ]
  const text = (width: number): string[] => answerText(answerOf({ columns, rows }), { width }).split('\n\n').slice(0, 2)
  expect(text(50)[0]).toBe(
    `customer__…    revenue  orders_of_t…  average_ord…
A customer…  123456.25            17          11.5
日本日本日…       1.00             2           3.0`,
  )
  expect(text(40)).toEqual([
    `custome…    revenue  orders_…  average_…
A custo…  123456.25        17       11.5
日本日…        1.00         2        3.0`,
    proof,
  ])
  expect(text(30)).toEqual([
    `custome…    revenue  orders_o…
A custo…  123456.25         17
日本日…        1.00          2`,
    'Not shown for want of width: average_order. A wider terminal, --csv or --json shows all.',
  ])
})
