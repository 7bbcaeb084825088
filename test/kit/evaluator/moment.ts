import { grains } from '../../../src/semantic/condition/tree.ts'
import type { DatePart, StandardGrain } from '../../../src/semantic/condition/tree.ts'
import type { Moment } from './value.ts'

const shape = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?$/
const lengths: Partial<Record<StandardGrain, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}
const months: Partial<Record<StandardGrain, number>> = { month: 1, quarter: 3, year: 12 }

type Parsed = Moment & { readonly unit: StandardGrain }

const parsed = new Map<string, Parsed>()

/** Of `2024`, `2024-03`, `2024-03-31` or more: where it begins, and the unit it names. */
export function parseMoment(text: string): Parsed {
  const found = parsed.get(text) ?? readMoment(text)
  parsed.set(text, found)
  return found
}

function readMoment(text: string): Parsed {
  const found = shape.exec(text)
  if (found === null) throw new Error(`${text} is no moment`)
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part: string | undefined) => (part === undefined ? undefined : Number(part)))
  const fraction = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3))
  const given = found.slice(1).filter((part: string | undefined) => part !== undefined).length
  const unit = (['year', 'month', 'day', 'hour', 'minute', 'second', 'millisecond'] as const)[given - 1] ?? 'year'
  return { ms: Date.UTC(year, month - 1, day, hour, minute, second, fraction), unit }
}

/** `2024-03-31T00:00:00`, with as many decimals as it has. */
export function formatMoment({ ms }: Moment): string {
  const text = new Date(ms).toISOString()
  return ms % 1000 === 0 ? text.slice(0, 19) : text.slice(0, 23)
}

/** Negative when the first is the finer one. */
export const compareGrains = (one: StandardGrain, other: StandardGrain): number =>
  grains.indexOf(one) - grains.indexOf(other)

export const coarser = (one: StandardGrain, other: StandardGrain): StandardGrain =>
  compareGrains(one, other) < 0 ? other : one

export const finer = (one: StandardGrain, other: StandardGrain): StandardGrain =>
  compareGrains(one, other) < 0 ? one : other

/** Where the period of a moment begins; weeks begin on Monday. */
export function startOf(ms: number, grain: StandardGrain): number {
  const date = new Date(ms)
  const span = months[grain]
  if (span !== undefined) {
    return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / span) * span, 1)
  }
  // 1970-01-05 was the first Monday of the count.
  const origin = grain === 'week' ? 4 * 86_400_000 : 0
  const length = lengths[grain] ?? 1
  return Math.floor((ms - origin) / length) * length + origin
}

/** So many calendar units later; a day that the month lacks becomes its last. */
export function addUnits(ms: number, count: number, unit: StandardGrain): number {
  const span = months[unit]
  if (span === undefined) return ms + count * (lengths[unit] ?? 1)
  const date = new Date(ms)
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + count * span
  const year = Math.floor(month / 12)
  const lastDay = new Date(Date.UTC(year, (month % 12) + 1, 0)).getUTCDate()
  return Date.UTC(year, month % 12, Math.min(date.getUTCDate(), lastDay)) + (ms - startOf(ms, 'day'))
}

export function partOf(ms: number, part: DatePart): number {
  const date = new Date(ms)
  const dayOfYear = (at: number): number => (startOf(at, 'day') - startOf(at, 'year')) / 86_400_000 + 1
  // A week belongs to the year of its Thursday.
  const thursday = startOf(ms, 'week') + 3 * 86_400_000
  const parts: Record<DatePart, number> = {
    year: date.getUTCFullYear(),
    quarter: Math.floor(date.getUTCMonth() / 3) + 1,
    month: date.getUTCMonth() + 1,
    week: Math.ceil(dayOfYear(thursday) / 7),
    day: date.getUTCDate(),
    dow: ((date.getUTCDay() + 6) % 7) + 1,
    doy: dayOfYear(ms),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  }
  return parts[part]
}

/** A wall clock's moment in one zone as the wall clock of another shows it. */
export function convertZone(ms: number, from: string, to: string): number {
  if (from === to) return ms
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const guess = ms - offsetOf(ms, from)
  const instant = ms - offsetOf(guess, from)
  return instant + offsetOf(instant, to)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function offsetOf(instant: number, zone: string): number {
  if (zone === 'UTC') return 0
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
  formats.set(zone, format)
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - startOf(instant, 'second')
}
