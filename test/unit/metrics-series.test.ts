import { expect, test } from 'vitest'
import { seriesLines } from '../../src/cli/numbers/series-lines.ts'
import { sparkLine } from '../../src/cli/numbers/spark-line.ts'
import { byMonth } from '../kit/numbers-answer.ts'

const days = [{ name: 'metric_time__day', kind: 'time' as const, type: 'date' as const }, ...byMonth.slice(1)]

test('a series is drawn oldest first, whatever the order of the rows, with gaps for days without a row', () => {
  const rows = [
    ['2026-01-05', 8],
    ['2026-01-02', 2],
    ['2026-01-01', 1],
    ['2026-01-04', null],
  ]
  expect(seriesLines(days, rows, undefined)).toEqual(['revenue  ▁▂  █  lowest 1 (2026-01-01), highest 8 (2026-01-05)'])
})

test('a long series is thinned to the width, and said on a line of its own', () => {
  const rows = Array.from({ length: 90 }, (_, day) => [
    new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
    day,
  ])
  const lines = seriesLines(days, rows, 40)
  expect(lines).toEqual([
    'revenue  ▁▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▆▆▆▆▇▇▇▇████',
    '         lowest 0 (2026-01-01), highest 89 (2026-03-31)',
  ])
})

test('only one column of time and metrics besides it make a series', () => {
  const rows = [
    ['2026-01-01', 1],
    ['2026-02-01', 2],
  ]
  const country = { name: 'customer__country', kind: 'dimension' as const, type: 'text' as const }
  const part = { name: 'metric_time__extract_month', kind: 'time' as const, type: 'number' as const }
  expect(seriesLines([...byMonth, country], rows, undefined)).toEqual([])
  expect(seriesLines(byMonth.slice(1), [[1]], undefined)).toEqual([])
  expect(seriesLines([part, ...byMonth.slice(1)], rows, undefined)).toEqual([])
  expect(seriesLines(byMonth, rows.slice(1), undefined)).toEqual([])
})

test.for<[what: string, values: readonly (number | null)[], line: string]>([
  ['all the same', [3, 3, null, 3], '▄▄ ▄'],
  ['nothing', [null, null], '  '],
  ['below zero', [-4, -2, 0], '▁▅█'],
  ['the ends of what a double holds', [-Number.MAX_VALUE, 0, Number.MAX_VALUE], '▁▅█'],
])('values that are %s are drawn', ([, values, line]) => {
  expect(sparkLine(values)).toBe(line)
})

test('times centuries apart are drawn side by side', () => {
  const rows = [
    ['0001-01-01', 1],
    ['9999-12-31', 2],
  ]
  expect(seriesLines(days, rows, undefined)).toEqual(['revenue  ▁█  lowest 1 (0001-01-01), highest 2 (9999-12-31)'])
})
