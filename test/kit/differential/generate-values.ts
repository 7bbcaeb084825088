import { addUnits, formatMoment, parseMoment } from '../evaluator/moment.ts'
import type { Random } from '../random.ts'
import { chance, pick } from './generated.ts'
import type { ColumnKind } from './generated.ts'

/** Texts that only some comparisons tell apart, and some that want quoting. */
export const words = ['us', 'US', 'de', 'Dé', 'zürich', '日本', "it's", '100%', 'x_y', 'a b', '', 'Straße']

/** Days that are easily got wrong, beside ordinary ones: ends of months, a leap day, a change of the clocks. */
const hardDays = ['2024-01-29', '2024-01-30', '2024-01-31', '2024-02-01', '2024-02-28', '2024-02-29', '2024-03-01']
const moreHardDays = ['2024-03-29', '2024-03-30', '2024-03-31', '2024-04-01', '2023-12-31', '2024-01-01']
const firstDay = parseMoment('2023-12-20').ms

export function randomDay(random: Random): string {
  if (chance(random, 0.4)) return pick(random, [...hardDays, ...moreHardDays])
  return dayAfter(random.int(0, 110))
}

export const dayAfter = (days: number): string => formatMoment({ ms: addUnits(firstDay, days, 'day') }).slice(0, 10)

function randomTime(random: Random): string {
  if (chance(random, 0.25)) return pick(random, ['00:00:00', '23:59:59', '01:30:00', '22:30:00'])
  const two = (most: number): string => String(random.int(0, most)).padStart(2, '0')
  return `${two(23)}:${two(59)}:${two(59)}`
}

/** A value of a column; fractions are quarters, which every number type holds exactly. */
export function randomValue(random: Random, kind: ColumnKind, nulls: number): string | number | boolean | null {
  if (chance(random, nulls)) return null
  if (kind === 'integer') return random.int(-3, 30)
  if (kind === 'decimal' || kind === 'double') return random.int(-40, 400) / 4
  if (kind === 'boolean') return chance(random, 0.5)
  if (kind === 'text') return pick(random, words)
  return kind === 'date' ? randomDay(random) : `${randomDay(random)}T${randomTime(random)}`
}
