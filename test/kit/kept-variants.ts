import type { Question } from '../../src/semantic/question.ts'
import type { Cell } from '../../src/semantic/engine.ts'
import type { Random } from './random.ts'

export interface KeptShape {
  readonly question: Question
  /** Names of its answer's columns, and some of its rows. */
  readonly columns: readonly { readonly name: string; readonly kind: string }[]
  readonly rows: readonly (readonly Cell[])[]
}

const chance = (random: Random, share: number): boolean => random.next() < share

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.int(0, items.length - 1)]
  if (item === undefined) throw new Error('nothing to pick from')
  return item
}

/** A question near a kept one: fewer metrics, other columns of time, narrower, in another order. */
export function keptVariant(random: Random, { question, columns, rows }: KeptShape): Question {
  const metrics = chance(random, 0.5)
    ? question.metrics
    : random.some(question.metrics, random.int(Math.min(1, question.metrics.length), question.metrics.length))
  const by = columnsOf(random, columns)
  const conditions = [
    ...(question.where === undefined || chance(random, 0.03) ? [] : [`(${question.where})`]),
    ...(chance(random, 0.35) ? [conditionOn(random, columns, rows)] : []),
    ...(chance(random, 0.05) ? [conditionOn(random, columns, rows)] : []),
  ].filter((one) => one !== undefined)
  const known = [...by, ...metrics]
  const order =
    chance(random, 0.4) && known.length > 0 ? random.some(known, random.int(1, Math.min(2, known.length))) : []
  const kept = question.limit === undefined ? undefined : { order: question.order, limit: question.limit }
  return {
    metrics,
    by,
    distinct: true,
    extent: false,
    ...(conditions.length === 0 ? {} : { where: conditions.join(' and ') }),
    ...(chance(random, 0.35) ? boundsOf(random) : {}),
    ...(kept !== undefined && chance(random, 0.8)
      ? { order: kept.order, limit: random.int(1, kept.limit) }
      : {
          order: order.map((name) => (chance(random, 0.5) ? `-${name}` : name)),
          ...(chance(random, 0.3) ? { limit: random.int(1, 6) } : {}),
        }),
  }
}

const coarser: Readonly<Record<string, readonly string[]>> = {
  hour: ['day', 'week', 'month'],
  day: ['week', 'month', 'month', 'quarter', 'year'],
  week: ['month'],
  month: ['quarter', 'year'],
  quarter: ['year'],
}

function columnsOf(random: Random, columns: KeptShape['columns']): readonly string[] {
  const names = columns.filter(({ kind }) => kind !== 'metric').map(({ name }) => name)
  const shuffled = chance(random, 0.7) ? names : random.some(names, names.length)
  return shuffled.flatMap((name) => {
    const grain = /^metric_time__(\w+)$/.exec(name)?.[1]
    if (grain !== undefined && chance(random, 0.35)) {
      const chosen = pick(random, [...(coarser[grain] ?? []), 'none'])
      return chosen === 'none' ? [] : [`metric_time__${chosen}`]
    }
    return chance(random, 0.04) ? [] : [name]
  })
}

function conditionOn(random: Random, columns: KeptShape['columns'], rows: KeptShape['rows']): string | undefined {
  const dimensions = columns.flatMap(({ name, kind }, index) => (kind === 'metric' ? [] : [{ name, index }]))
  if (dimensions.length === 0 || rows.length === 0) return undefined
  const { name, index } = pick(random, dimensions)
  const valueOf = (): string => literal(pick(random, rows)[index] ?? null)
  if (chance(random, 0.15)) return `${name} is ${chance(random, 0.5) ? 'not ' : ''}null`
  if (chance(random, 0.2)) return `${name} ${chance(random, 0.3) ? 'not ' : ''}in (${valueOf()}, ${valueOf()})`
  if (chance(random, 0.1)) return `not ${name} = ${valueOf()}`
  if (chance(random, 0.1)) return `(${name} = ${valueOf()} or ${name} is null)`
  return `${name} ${pick(random, ['=', '=', '<>', '<', '<=', '>', '>='])} ${valueOf()}`
}

function literal(cell: Cell): string {
  if (typeof cell !== 'string') return String(cell)
  const isTime = /^\d{4}-\d\d-\d\dT/.test(cell)
  return `'${(isTime ? cell.replace('T00:00:00', '') : cell).replaceAll("'", "''")}'`
}

function boundsOf(random: Random): Pick<Question, 'from' | 'to'> {
  const moment = (): string =>
    pick(random, ['2024', '2023', '2024-01', '2024-02', '2024-03', '2024-01-15', '2024-02-05', '2024-04', '2024-02-29'])
  return { ...(chance(random, 0.7) ? { from: moment() } : {}), ...(chance(random, 0.7) ? { to: moment() } : {}) }
}
