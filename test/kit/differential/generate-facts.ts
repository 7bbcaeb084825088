import type { Row } from '../evaluator/value.ts'
import type { Random } from '../random.ts'
import { chance, createDraft, pick } from './generated.ts'
import type { ColumnKind, Draft } from './generated.ts'
import { addEntity, addPartition, partitionDays, pointTo } from './generate-things.ts'
import { randomValue } from './generate-values.ts'

const facts = ['order', 'visit', 'payment'] as const

/** One to three tables of events. They share what they point to, and a payment may point to an order. */
export function generateFacts(random: Random, prefix: string, things: readonly Draft[]): readonly Draft[] {
  const names = random.some(facts, random.int(1, 3))
  const drafts: Draft[] = []
  for (const name of facts.filter((one) => names.includes(one))) {
    drafts.push(generateFact(random, name, prefix, things, drafts))
  }
  return drafts
}

function generateFact(
  random: Random,
  name: string,
  prefix: string,
  things: readonly Draft[],
  earlier: readonly Draft[],
): Draft {
  const draft = createDraft(`${name}s`, `${prefix}${name}s`)
  const count = random.int(5, 60)
  const hasKey = chance(random, 0.5)
  if (hasKey) {
    addEntity(draft, name, 'primary', 'integer')
    draft.keys[name] = Array.from({ length: count }, (_, index) => index + 1)
  } else draft.model.primary = name
  const pointers = pointersOf(random, draft, things, earlier)
  // Two facts may have an entity in common of which no table has the rows: many to many.
  if (chance(random, 0.3)) pointers.push(pointAnywhere(draft))
  const isPartitioned = things.some(({ kinds }) => 'snapshot' in kinds) && chance(random, 0.7)
  if (isPartitioned) addPartition(draft)
  const columns = addColumns(random, draft, name)
  addMeasures(random, draft, name)
  for (let index = 0; index < count; index += 1) {
    const row: Record<string, Row[string]> = {}
    if (hasKey) row[`${name}_id`] = index + 1
    for (const point of pointers) row[point.column] = point.value(random)
    if (isPartitioned) row['snapshot'] = chance(random, 0.06) ? null : pick(random, partitionDays)
    for (const { column, kind, nulls } of columns) row[column] = randomValue(random, kind, nulls)
    if ('month' in row) row['month'] = typeof row['month'] === 'string' ? `${row['month'].slice(0, 7)}-01` : null
    draft.rows.push(row)
  }
  return draft
}

/** What facts call the things that they point to. */
const roles: Readonly<Record<string, readonly string[]>> = {
  customer: ['buyer', 'receiver'],
  store: ['seller', 'sender'],
  product: ['gift', 'sample'],
  account: ['payer', 'payee'],
  region: ['origin', 'destination'],
}

/** Whether its keys are numbers. One name for several things with keys alike is easily taken for one thing. */
const isCounted = ({ keys }: Draft): boolean => Object.values(keys).every(([key]) => typeof key === 'number')

type Pointer = ReturnType<typeof pointTo>

function pointersOf(random: Random, draft: Draft, things: readonly Draft[], earlier: readonly Draft[]): Pointer[] {
  const pointers: Pointer[] = []
  for (const thing of things) {
    const [entity] = Object.keys(thing.keys)
    if (entity === undefined || !chance(random, 0.7)) continue
    const isRole = chance(random, 0.25)
    if (!isRole || chance(random, 0.3)) pointers.push(pointTo(draft, entity, thing))
    if (!isRole) continue
    for (const role of random.some(roles[entity] ?? [], random.int(1, 2))) {
      const isOther = chance(random, 0.05) && isCounted(thing) && !('other' in draft.kinds)
      pointers.push(pointTo(draft, entity, thing, isOther ? 'other' : role))
    }
  }
  for (const fact of earlier) {
    const [entity] = Object.keys(fact.keys)
    if (entity !== undefined && chance(random, 0.5)) pointers.push(pointTo(draft, entity, fact))
  }
  const card = things.flatMap(({ keys }) => Object.keys(keys)).find((entity) => entity.endsWith('_card'))
  const owner = things.find(({ keys }) => card !== undefined && card in keys)
  if (card !== undefined && owner !== undefined && chance(random, 0.3)) pointers.push(pointTo(draft, card, owner))
  return pointers
}

function pointAnywhere(draft: Draft): Pointer {
  addEntity(draft, 'campaign', 'foreign', 'integer')
  return { column: 'campaign_id', value: (random) => (chance(random, 0.1) ? null : random.int(1, 4)) }
}

interface FactColumn {
  readonly column: string
  readonly kind: ColumnKind
  readonly nulls: number
}

function addColumns(random: Random, draft: Draft, name: string): readonly FactColumn[] {
  const columns: FactColumn[] = [
    { column: 'amount', kind: pick(random, ['decimal', 'double', 'integer']), nulls: 0.1 },
    { column: 'pieces', kind: 'integer', nulls: 0.1 },
    { column: 'is_paid', kind: 'boolean', nulls: 0.1 },
    { column: 'status', kind: 'text', nulls: 0.1 },
  ]
  const time = addTime(random, draft, name)
  columns.push(time)
  if (chance(random, 0.4)) {
    columns.push({ column: 'paid_on', kind: 'date', nulls: 0.2 })
    draft.model.dimensions['paid_on'] = { type: 'time', grain: 'day' }
    draft.kinds['paid_on'] = 'date'
  }
  if (chance(random, 0.2)) {
    columns.push({ column: 'month', kind: 'date', nulls: 0.05 })
    draft.model.dimensions['billed'] = { type: 'time', grain: 'month', expr: 'month' }
    draft.kinds['billed'] = 'date'
  }
  draft.columns.push(...columns.map(({ column, kind }) => ({ name: column, kind })))
  draft.model.dimensions['status'] = { type: 'categorical' }
  draft.model.dimensions['is_paid'] = { type: 'categorical' }
  draft.model.dimensions['pieces_kind'] = {
    type: 'categorical',
    expr: "case when pieces > 10 then 'many' when pieces is null then 'none' else 'few' end",
  }
  Object.assign(draft.kinds, { status: 'text', is_paid: 'boolean', pieces_kind: 'text' })
  if (chance(random, 0.3)) {
    draft.model.dimensions['status_or_none'] = { type: 'categorical', expr: "coalesce(status, 'none')" }
    draft.kinds['status_or_none'] = 'text'
  }
  return columns
}

function addTime(random: Random, draft: Draft, name: string): FactColumn {
  const isMoment = chance(random, 0.4)
  const column = isMoment ? `${name}_at` : `${name}_on`
  const grain = isMoment ? pick(random, ['hour', 'minute', 'second', 'day']) : 'day'
  const zone = isMoment && chance(random, 0.5) ? { zone: chance(random, 0.8) ? 'UTC' : 'Europe/Berlin' } : {}
  draft.model.dimensions[column] = { type: 'time', grain, ...zone }
  draft.model.time = column
  draft.kinds[column] = isMoment ? 'timestamp' : 'date'
  return {
    column,
    kind: isMoment ? 'timestamp' : 'date',
    nulls: chance(random, 0.3) ? 0.06 : 0,
  }
}

function addMeasures(random: Random, draft: Draft, name: string): void {
  const entities = Object.keys(draft.model.entities)
  const times = Object.keys(draft.model.dimensions).filter((key) => key === 'paid_on' || key === 'billed')
  const possible: Record<string, Record<string, unknown>> = {
    count: { agg: 'count', expr: 1 },
    rows: { agg: 'sum', expr: 1 },
    amount: { agg: 'sum', expr: 'amount' },
    total: { agg: 'sum', expr: 'amount + pieces' },
    paid_amount: { agg: 'sum', expr: 'case when is_paid then amount end' },
    double_amount: { agg: 'sum', expr: 'coalesce(amount, 0) * 2' },
    smallest: { agg: 'min', expr: 'amount' },
    largest: { agg: 'max', expr: 'pieces' },
    mean: { agg: 'avg', expr: pick(random, ['amount', 'pieces']) },
    paid: { agg: 'sum_boolean', expr: 'is_paid' },
    statuses: { agg: 'count_distinct', expr: 'status' },
    amounts: { agg: 'count_distinct', expr: 'amount' },
    with_amount: { agg: 'count', expr: 'amount' },
    middle: { agg: 'median', expr: 'amount' },
    high: { agg: 'percentile', expr: 'amount', percentile: percentileOf(random) },
    ...(entities.length === 0 ? {} : { met: { agg: 'count_distinct', expr: `${pick(random, entities)}_id` } }),
    balance: { agg: 'sum', expr: 'amount', over_time: overTime(random, draft, entities) },
  }
  for (const key of random.some(Object.keys(possible), random.int(3, 7))) {
    const time = times.length > 0 && chance(random, 0.2) ? { time: pick(random, times) } : {}
    draft.model.measures[`${name}_${key}`] = { ...possible[key], ...time }
  }
}

function percentileOf(random: Random): { readonly at: number; readonly discrete: boolean } {
  return { at: pick(random, [0.25, 0.5, 0.75, 0.9]), discrete: chance(random, 0.5) }
}

function overTime(random: Random, { model }: Draft, entities: readonly string[]): Record<string, unknown> {
  return {
    dimension: model.time,
    choose: pick(random, ['min', 'max']),
    per: random.some(entities, random.int(0, 1)),
  }
}

/** Measures of a thing itself, by the day since which it is there. */
export function addThingMeasures(random: Random, draft: Draft): void {
  const since = Object.keys(draft.kinds).find((key) => key.endsWith('_since'))
  if (since === undefined || !chance(random, 0.6)) return
  const name = draft.name.replace(/s$/, '')
  draft.model.time = since
  draft.model.measures[`${name}_count`] = { agg: 'count', expr: 1 }
  const size = Object.keys(draft.kinds).find((key) => key.endsWith('_size'))
  if (size !== undefined) draft.model.measures[`${name}_size_total`] = { agg: 'sum', expr: size }
}
