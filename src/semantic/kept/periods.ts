import { grains, type StandardGrain } from '../condition/tree.ts'
import { metricTime } from '../names/resolve-name.ts'

const written = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?$/

/** Whether the text is a moment of the years 0 to 9999, whose order is that of its characters. */
export const isMoment = (text: unknown): text is string => typeof text === 'string' && written.test(text)

/** The grain of a column such as `metric_time__month`; undefined for any other. */
export function grainOfTime(column: string): StandardGrain | undefined {
  const [name, grain, ...rest] = column.split('__')
  return name === metricTime && rest.length === 0 ? grains.find((one) => one === grain) : undefined
}

/** The first moment of the period that this moment (`2024-03-31T10:00:00.5`) is in. */
export function startOf(moment: string, grain: StandardGrain): string {
  switch (grain) {
    case 'year':
      return `${moment.slice(0, 4)}-01-01T00:00:00`
    case 'quarter': {
      const month = Math.floor((Number(moment.slice(5, 7)) - 1) / 3) * 3 + 1
      return `${moment.slice(0, 5)}${String(month).padStart(2, '0')}-01T00:00:00`
    }
    case 'month':
      return `${moment.slice(0, 7)}-01T00:00:00`
    case 'week':
      return daysEarlier(moment, (new Date(`${moment.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7)
    case 'day':
      return `${moment.slice(0, 10)}T00:00:00`
    case 'hour':
      return `${moment.slice(0, 13)}:00:00`
    case 'minute':
      return `${moment.slice(0, 16)}:00`
    case 'second':
      return moment.slice(0, 19)
    case 'millisecond':
    default:
      return moment.includes('.') ? moment.slice(0, 23).replace(/\.?0+$/, '') : moment
  }
}

function daysEarlier(moment: string, days: number): string {
  const at = Date.parse(`${moment.slice(0, 10)}T00:00:00Z`) - days * 86_400_000
  return new Date(at).toISOString().slice(0, 19)
}

/** Whether a coarser period consists of finer ones; weeks make up nothing. */
export function isWithin(finer: StandardGrain, coarser: StandardGrain): boolean {
  return finer !== 'week' && grains.indexOf(finer) < grains.indexOf(coarser)
}

/** So much earlier; a day that a month lacks becomes its last. undefined for units of a calendar's own. */
export function earlier(
  moment: string,
  { count, unit }: { readonly count: number; readonly unit: string },
): string | undefined {
  const at = new Date(`${moment}Z`)
  const grain = grains.find((one) => one === unit)
  if (grain === undefined) return undefined
  const months = { month: 1, quarter: 3, year: 12 }[grain as string]
  if (months === undefined) return isoOf(at.getTime() - count * (lengths[grain] ?? 0))
  const day = at.getUTCDate()
  at.setUTCDate(1)
  at.setUTCMonth(at.getUTCMonth() - count * months)
  const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate()
  at.setUTCDate(Math.min(day, last))
  return isoOf(at.getTime())
}

const lengths: Partial<Record<StandardGrain, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
}

const isoOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19)
