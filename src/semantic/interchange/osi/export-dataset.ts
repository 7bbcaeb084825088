import type { MetricLayer, Model } from '../../../../schemas/metrics.ts'
import { ansi, osiWords, type OsiDataset, type OsiField, type OsiRelationship } from './osi-document.ts'
import { isPlain } from './sql-tokens.ts'

type Entity = Model['entities'][string]

/** A model as OSI says it: its keys, and a field for each dimension, key and measure that is more than a column. */
export function exportDataset(name: string, model: Model): OsiDataset {
  const entities = Object.entries(model.entities)
  const primary = entities.find(([, { type }]) => type === 'primary')
  const unique = entities.filter(([, { type }]) => type === 'unique').map((entity) => [keyOf(entity)])
  const fields = [...fieldsOf(model).values()]
  return {
    name,
    source: model.table ?? model.query ?? name,
    ...(primary === undefined ? {} : { primary_key: [keyOf(primary)] }),
    ...(unique.length === 0 ? {} : { unique_keys: unique }),
    ...osiWords(model),
    ...(fields.length === 0 ? {} : { fields }),
  }
}

/** How keys and relationships call an entity's column: by itself, or by the field that computes it. */
function keyOf([name, { expr = name }]: readonly [string, Entity]): string {
  return isPlain(expr) ? expr : name
}

function fieldsOf(model: Model): ReadonlyMap<string, OsiField> {
  const fields = new Map<string, OsiField>()
  for (const [name, dimension] of Object.entries(model.dimensions)) {
    fields.set(name, {
      name,
      expression: ansi(dimension.expr ?? name),
      dimension: { is_time: dimension.type === 'time' },
      ...osiWords(dimension),
    })
  }
  for (const entity of Object.entries(model.entities)) {
    const name = keyOf(entity)
    const expression = ansi(entity[1].expr ?? entity[0])
    if (!fields.has(name)) fields.set(name, { name, expression, dimension: { is_time: false } })
  }
  for (const [measure, { expr = measure, description, synonyms }] of Object.entries(model.measures)) {
    const name = measureField(measure, model)
    if (fields.has(name)) continue
    const isOwn = !isPlain(expr) || name !== expr
    fields.set(name, { name, expression: ansi(expr), ...(isOwn ? osiWords({ description, synonyms }) : {}) })
  }
  return fields
}

/** The field that holds what a measure aggregates: its column where nothing else is called so. */
export function measureField(measure: string, { measures, dimensions, entities }: Model): string {
  const { expr = measure } = measures[measure] ?? {}
  const taken = new Map([
    ...Object.entries(dimensions).map(([name, one]) => [name, one.expr ?? name] as const),
    ...Object.entries(entities).map((one) => [keyOf(one), one[1].expr ?? one[0]] as const),
  ])
  const isFree = (name: string): boolean => (taken.get(name) ?? expr) === expr
  if (isPlain(expr) && isFree(expr)) return expr
  if (isFree(measure)) return measure
  let name = `${measure}_value`
  while (!isFree(name)) name = `${name}_value`
  return name
}

/** From each key to the models whose rows it names, many to one. */
export function exportRelationships({ models }: Pick<MetricLayer, 'models'>): readonly OsiRelationship[] {
  return Object.entries(models).flatMap(([from, model]) =>
    Object.entries(model.entities).flatMap(([name, entity]) =>
      Object.entries(models).flatMap(([to, other]): readonly OsiRelationship[] => {
        const key = entity.of ?? name
        const target = other.entities[key]
        const isOne = target?.type === 'primary' || target?.type === 'unique'
        if (from === to || target === undefined || !isOne || !isMany(entity, target, from < to)) return []
        return [
          {
            name: `${from}_to_${to}_by_${name}`,
            from,
            to,
            from_columns: [keyOf([name, entity])],
            to_columns: [keyOf([key, target])],
          },
        ]
      }),
    ),
  )
}

/** Of two keys that are both unique, one is said: from the lesser, or the first by name. */
function isMany(from: Entity, to: Entity, isFirst: boolean): boolean {
  if (from.type === 'foreign') return true
  if (from.type === 'natural') return false
  return from.type === to.type ? isFirst : from.type === 'unique'
}
