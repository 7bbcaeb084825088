import { dateParts, grains } from '../../../src/semantic/condition/tree.ts'
import type { DatePart, StandardGrain } from '../../../src/semantic/condition/tree.ts'
import { calendarOf, periodAt } from './calendar.ts'
import type { World } from './find-row.ts'
import { partOf, startOf } from './moment.ts'
import type { Value } from './value.ts'

/** What is taken of a moment: where its period begins, the name of a calendar's period, or a part of its date. */
export type Cut =
  | { readonly kind: 'grain'; readonly grain: StandardGrain }
  | { readonly kind: 'period'; readonly period: string }
  | { readonly kind: 'part'; readonly part: DatePart }

/** A name as it was asked for. */
export interface Asked {
  readonly parts: readonly string[]
  readonly cut: Cut | undefined
}

/** As it stands, then with its end read as a cut: a dimension may be called `month`. */
export function readName({ layer }: World, text: string): readonly Asked[] {
  const parts = text.split('__')
  const last = parts.at(-1) ?? ''
  const hasPeriod = Object.values(layer.calendars).some(({ periods }) => last in periods)
  const cut = cutOf(last) ?? (hasPeriod ? ({ kind: 'period', period: last } as const) : undefined)
  const whole = { parts, cut: undefined }
  return parts.length === 1 || cut === undefined ? [whole] : [whole, { parts: parts.slice(0, -1), cut }]
}

function cutOf(word: string): Cut | undefined {
  const grain = grains.find((one) => one === word)
  const part = dateParts.find((one) => `extract_${one}` === word)
  if (part !== undefined) return { kind: 'part', part }
  return grain === undefined ? undefined : { kind: 'grain', grain }
}

export function nameOfCut(cut: Cut): string {
  if (cut.kind === 'grain') return cut.grain
  return cut.kind === 'period' ? cut.period : `extract_${cut.part}`
}

export function applyCut(world: World, cut: Cut, ms: number): Value {
  if (cut.kind === 'grain') return { ms: startOf(ms, cut.grain) }
  return cut.kind === 'part' ? partOf(ms, cut.part) : periodAt(world, cut.period, ms)
}

const grainsOfParts: Record<DatePart, StandardGrain> = {
  year: 'year',
  quarter: 'quarter',
  month: 'month',
  week: 'week',
  day: 'day',
  dow: 'day',
  doy: 'day',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
}

/** The coarsest grain whose moments this cut can be taken of. */
export function grainOfCut(world: World, cut: Cut): StandardGrain {
  if (cut.kind === 'grain') return cut.grain
  return cut.kind === 'part' ? grainsOfParts[cut.part] : calendarOf(world, cut.period).grain
}
