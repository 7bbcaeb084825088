import type { Row } from '../evaluator/value.ts'
import type { Random } from '../random.ts'
import { chance, createDraft, pick } from './generated.ts'
import type { ColumnKind, Draft } from './generated.ts'
import { dayAfter, randomValue } from './generate-values.ts'

/** What facts point to. Each may point to a later one, so that chains, snowflakes and diamonds come about. */
const things = ['customer', 'store', 'product', 'account', 'region'] as const

export const partitionDays = ['2024-02-01', '2024-02-29', '2024-03-01']

export function generateThings(random: Random, prefix: string): readonly Draft[] {
  const names = things.filter(() => chance(random, 0.55))
  const chosen = names.length === 0 ? [pick(random, things)] : names
  const drafts: Draft[] = []
  for (const name of chosen.toReversed()) {
    drafts.unshift(generateThing(random, name, prefix, drafts))
    if (chance(random, 0.12)) drafts.unshift(generateExtra(random, name, prefix, drafts[0]))
  }
  return drafts
}

type Shape = 'plain' | 'validity' | 'partitioned'

function generateThing(random: Random, name: string, prefix: string, later: readonly Draft[]): Draft {
  const draft = createDraft(`${name}s`, `${prefix}${name}s`)
  const shape: Shape = chance(random, 0.18) ? 'validity' : chance(random, 0.12) ? 'partitioned' : 'plain'
  const isText = chance(random, 0.3)
  const keys = Array.from({ length: random.int(3, 8) }, (_, index) => (isText ? `${name[0] ?? ''}${index}` : index + 1))
  draft.keys[name] = keys
  addEntity(draft, name, shape === 'validity' ? 'natural' : 'primary', isText ? 'text' : 'integer')
  const attributes = addAttributes(random, draft, name)
  const pointed = later.filter((other) => other.keys[other.name.slice(0, -1)] !== undefined && chance(random, 0.5))
  const pointers = pointed.map((other) => pointTo(draft, other.name.slice(0, -1), other))
  const hasUnique = shape === 'plain' && chance(random, 0.2)
  if (hasUnique) {
    addEntity(draft, `${name}_card`, 'unique', 'integer')
    draft.keys[`${name}_card`] = keys.map((_, index) => 100 + index)
  }
  addShape(draft, shape)
  for (const [index, key] of keys.entries()) {
    for (const more of versionsOf(random, shape)) {
      const row: Record<string, Row[string]> = { [`${name}_id`]: key, ...more }
      for (const { column, kind } of attributes) row[column] = randomValue(random, kind, 0.12)
      for (const point of pointers) row[point.column] = point.value(random)
      if (hasUnique) row[`${name}_card_id`] = chance(random, 0.1) ? null : 100 + index
      draft.rows.push(row)
    }
  }
  return draft
}

/** Another table with a row for each of some of them: a join from one to one. */
function generateExtra(random: Random, name: string, prefix: string, of: Draft | undefined): Draft {
  const draft = createDraft(`${name}_extras`, `${prefix}${name}_extras`)
  const all = of?.keys[name] ?? []
  const keys = all.filter(() => chance(random, 0.8))
  addEntity(draft, name, 'primary', typeof all[0] === 'string' ? 'text' : 'integer')
  const attributes = addAttributes(random, draft, 'extra')
  draft.rows = keys.map((key) => {
    const row: Record<string, Row[string]> = { [`${name}_id`]: key }
    for (const { column, kind } of attributes) row[column] = randomValue(random, kind, 0.12)
    return row
  })
  return draft
}

export function addEntity(draft: Draft, name: string, type: string, kind: ColumnKind, of?: string): void {
  draft.model.entities[name] = { type, expr: `${name}_id`, ...(of === undefined ? {} : { of }) }
  draft.columns.push({ name: `${name}_id`, kind })
  draft.kinds[name] = kind
}

interface Attribute {
  readonly column: string
  readonly kind: ColumnKind
}

function addAttributes(random: Random, draft: Draft, name: string): readonly Attribute[] {
  // `country` is in many models, so that a short name may mean several.
  const possible: readonly Attribute[] = [
    { column: 'country', kind: 'text' },
    { column: `${name}_kind`, kind: 'text' },
    { column: `${name}_size`, kind: 'integer' },
    { column: 'is_active', kind: 'boolean' },
    { column: `${name}_since`, kind: 'date' },
  ]
  const chosen = random.some(possible, random.int(1, 3))
  for (const { column, kind } of chosen) {
    draft.columns.push({ name: column, kind })
    draft.kinds[column] = kind
    draft.model.dimensions[column] = kind === 'date' ? { type: 'time', grain: 'day' } : { type: 'categorical' }
  }
  return chosen
}

/** A foreign entity; some rows point nowhere, some to what is not there. */
export function pointTo(
  draft: Draft,
  entity: string,
  to: Draft,
  role?: string,
): { readonly column: string; value(random: Random): Row[string] } {
  const keys = to.keys[entity] ?? []
  const isText = typeof keys[0] === 'string'
  addEntity(draft, role ?? entity, 'foreign', isText ? 'text' : 'integer', role === undefined ? undefined : entity)
  return {
    column: `${role ?? entity}_id`,
    value: (random) => {
      if (chance(random, 0.08)) return null
      if (chance(random, 0.07)) return isText ? 'nobody' : 999
      return pick(random, keys)
    },
  }
}

function addShape(draft: Draft, shape: Shape): void {
  if (shape === 'validity') {
    draft.columns.push({ name: 'valid_from', kind: 'date' }, { name: 'valid_to', kind: 'date' })
    draft.model.dimensions['valid_from'] = { type: 'time', grain: 'day', validity: 'start' }
    draft.model.dimensions['valid_to'] = { type: 'time', grain: 'day', validity: 'end' }
    Object.assign(draft.kinds, { valid_from: 'date', valid_to: 'date' })
  }
  if (shape === 'partitioned') addPartition(draft)
}

export function addPartition(draft: Draft): void {
  draft.columns.push({ name: 'snapshot', kind: 'date' })
  draft.model.dimensions['snapshot'] = { type: 'time', grain: 'day', partition: true }
  draft.kinds['snapshot'] = 'date'
}

/** Rows of one key: one, one for each partition, or one after the other, with a gap at times. */
function versionsOf(random: Random, shape: Shape): readonly Row[] {
  if (shape === 'plain') return [{}]
  if (shape === 'partitioned') {
    return partitionDays.filter(() => chance(random, 0.8)).map((snapshot) => ({ snapshot }))
  }
  const count = random.int(1, 3)
  let day = random.int(0, 40)
  return Array.from({ length: count }, (_, index) => {
    const from = day
    const to = from + random.int(1, 45)
    day = to + (chance(random, 0.3) ? random.int(1, 10) : 0)
    const isOpen = index === count - 1 && chance(random, 0.7)
    return { valid_from: dayAfter(from), valid_to: isOpen ? null : dayAfter(to) }
  })
}
