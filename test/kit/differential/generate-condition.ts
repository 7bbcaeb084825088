import type { Random } from '../random.ts'
import { chance, pick } from './generated.ts'
import { perhapsShort } from './generate-names.ts'
import type { Nameable } from './generate-names.ts'
import { randomDay, words } from './generate-values.ts'

/** What a condition may speak of. */
export interface Speakable {
  readonly names: readonly Nameable[]
  /** Whether metric_time means something. */
  readonly hasTime: boolean
  /** `metric(…)` that can be compared with a number. */
  readonly metrics: readonly string[]
}

/** A condition in the language of filters; undefined where there is nothing to speak of. */
export function generateCondition(random: Random, speakable: Speakable): string | undefined {
  const one = atom(random, speakable)
  if (one === undefined || chance(random, 0.6)) return one
  const other = atom(random, speakable)
  if (other === undefined) return one
  const form = random.int(0, 5)
  if (form === 0) return `not (${one})`
  if (form === 1) return `${one} or ${other}`
  if (form === 2) return `not (${one} and ${other})`
  return `${one} and ${other}`
}

function atom(random: Random, { names, hasTime, metrics }: Speakable): string | undefined {
  if (metrics.length > 0 && chance(random, 0.12)) {
    return `${pick(random, metrics)} ${pick(random, ['>', '<', '>=', '<>'])} ${random.int(0, 60)}`
  }
  if (hasTime && chance(random, 0.25)) return timeAtom(random, 'metric_time', 'day')
  if (names.length === 0) return undefined
  const { name, kind, grain } = pick(random, names)
  const short = perhapsShort(random, name)
  if (grain !== undefined) return timeAtom(random, short, grain)
  if (kind === 'boolean')
    return pick(random, [short, `not ${short}`, `${short} is null`, `${short} = true`, `${short} is not false`])
  return kind === 'text' ? textAtom(random, short) : numberAtom(random, short)
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function textAtom(random: Random, name: string): string {
  const word = quoted(pick(random, words))
  return pick(random, [
    `${name} = ${word}`,
    `${name} <> ${word}`,
    `${name} in (${word}, ${quoted(pick(random, words))}, ${quoted(pick(random, words))})`,
    `${name} not in (${word}, 'de')`,
    `${name} is null`,
    `${name} is not null`,
    `${name} like '%s%'`,
    `${name} not like 'u_'`,
    `lower(${name}) = 'us'`,
    `coalesce(${name}, 'none') <> ${word}`,
    `length(${name}) > 2`,
    `${name} || '!' = 'us!'`,
  ])
}

function numberAtom(random: Random, name: string): string {
  const number = random.int(-1, 12)
  return pick(random, [
    `${name} = ${number}`,
    `${name} > ${number}`,
    `${name} between ${number} and ${number + 6}`,
    `${name} in (${number}, ${number + 1}, ${number + 4})`,
    `${name} is null`,
    `${name} is not null`,
    `${name} * 2 - 1 <= ${number}`,
    `coalesce(${name}, 0) <> ${number}`,
    `case when ${name} > 3 then 1 else 0 end = 1`,
    `${name} / 2 > 1.5`,
    `${name} % 3 = 1`,
    `abs(${name}) < 5`,
  ])
}

function timeAtom(random: Random, name: string, grain: string): string {
  const day = randomDay(random)
  const month = `${day.slice(0, 7)}-01`
  if (grain === 'month') return pick(random, [`${name}__month >= '${month}'`, `${name}__extract_month in (1, 3)`])
  return pick(random, [
    `${name}__day >= '${day}'`,
    `${name}__day < '${day}'`,
    `${name}__day between '${day}' and '2024-03-31'`,
    `${name}__month = '${month}'`,
    `${name}__week <> '2024-02-26'`,
    `${name}__extract_dow in (1, 5, 7)`,
    `${name}__extract_month = 2`,
    `${name}__extract_day > 15`,
    `${name} is not null`,
    `${name}__day = date '${day}' or ${name}__extract_year = 2023`,
    `date_trunc('month', ${name}__day) <= timestamp '${month}'`,
    `extract(quarter from ${name}__day) = 1`,
  ])
}
