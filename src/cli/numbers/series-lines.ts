import type { z } from 'zod'
import type { AnswerColumn } from '../../../schemas/numbers.ts'
import type { Cell } from '../../semantic/engine.ts'
import { decimalTexts } from './decimal-texts.ts'
import { sparkLine, thin } from './spark-line.ts'
import { grainOf, timeTexts } from './time-texts.ts'

interface Point {
  readonly time: string
  readonly row: number
}

const longest = 60

/** A drawing of each metric over the one time column of an answer, oldest first; none where there is not just one. */
export function seriesLines(
  columns: readonly z.infer<typeof AnswerColumn>[],
  rows: readonly (readonly Cell[])[],
  width: number | undefined,
): readonly string[] {
  const at = columns.findIndex(({ kind }) => kind === 'time')
  const time = columns[at]
  if (time === undefined || (time.type !== 'date' && time.type !== 'timestamp')) return []
  const others = columns.flatMap((column, index) => (index === at ? [] : [{ ...column, index }]))
  if (others.some(({ kind }) => kind !== 'metric')) return []
  const points = rows
    .flatMap((row, index): Point[] => (row[at] === null ? [] : [{ time: String(row[at]), row: index }]))
    .toSorted((a, b) => (a.time < b.time ? -1 : 1))
  if (points.length < 2) return []
  const gaps = withGaps(points, grainOf(time.name))
  const label = Math.max(...others.map(({ name }) => name.length))
  const room = Math.max(10, Math.min(longest, (width ?? 120) - label - 2))
  return others.flatMap(({ name, type, index }) => {
    const cells = rows.map((row) => row[index] ?? null)
    const values = gaps.map((point) => (point === undefined ? null : toNumber(cells[point.row] ?? null)))
    if (type !== 'number' || values.every((value) => value === null)) return []
    const said = extremes(
      points.filter(({ row }) => toNumber(cells[row] ?? null) !== null),
      cells,
      time.name,
    )
    const line = `${name.padEnd(label)}  ${sparkLine(thin(values, room))}`
    const isOneLine = width === undefined || line.length + 2 + said.length <= width
    return isOneLine ? [`${line}  ${said}`] : [line, `${' '.repeat(label)}  ${said}`]
  })
}

function extremes(points: readonly Point[], cells: readonly Cell[], time: string): string {
  const values = points.map(({ row }) => toNumber(cells[row] ?? null) ?? 0)
  const low = values.reduce((best, value, index) => (value < (values[best] ?? 0) ? index : best), 0)
  const high = values.reduce((best, value, index) => (value > (values[best] ?? 0) ? index : best), 0)
  const { texts } = decimalTexts(cells)
  const times = timeTexts(
    time,
    points.map((point) => point.time),
  )
  const said = (index: number): string => `${texts[points[index]?.row ?? 0] ?? ''} (${times[index] ?? ''})`
  return `lowest ${said(low)}, highest ${said(high)}`
}

function toNumber(cell: Cell): number | null {
  const number = typeof cell === 'number' || typeof cell === 'string' ? Number(cell) : Number.NaN
  return Number.isFinite(number) ? number : null
}

const dayMs = 86_400_000
const steps: Readonly<Record<string, { readonly days?: number; readonly months?: number }>> = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { months: 12 },
}

/** Periods without a row are gaps: a drawing without them would show what is apart as neighbours. */
function withGaps(points: readonly Point[], grain: string | undefined): readonly (Point | undefined)[] {
  const step = grain === undefined ? undefined : steps[grain]
  const [first] = points
  if (step === undefined || first === undefined) return points
  const byTime = new Map(points.map((point) => [point.time.slice(0, 10), point]))
  const start = new Date(`${first.time.slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(start.getTime())) return points
  const periods: (Point | undefined)[] = []
  for (let index = 0, found = 0; found < byTime.size; index += 1) {
    const at =
      step.days === undefined ? addMonths(start, index * (step.months ?? 1)) : addDays(start, index * step.days)
    const point = byTime.get(at)
    if (point !== undefined) found += 1
    periods.push(point)
    // Not the periods of this grain after all, or centuries apart.
    if (index > Math.min(100_000, 50 * points.length + 1000)) return points
  }
  return periods
}

const addDays = (start: Date, days: number): string =>
  new Date(start.getTime() + days * dayMs).toISOString().slice(0, 10)

function addMonths(start: Date, months: number): string {
  return new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months, start.getUTCDate()))
    .toISOString()
    .slice(0, 10)
}
