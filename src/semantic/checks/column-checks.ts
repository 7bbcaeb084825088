import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Context } from '../build/context.ts'
import { column, fromQuery, isNull, literal, not, operation, select, type Sql } from '../sql/sql.ts'
import { columnOf, countRows, countWhere, partOf, rowsOf } from './check-context.ts'
import { counted, countsIn, failed, passed, shown, type CompiledCheck } from './compiled-check.ts'
import type { DeclaredCheck } from './guards-of.ts'

const value = column('v', 's')

/** A column of a model, in rows of its own. */
interface Place {
  readonly context: Context
  readonly model: string
  readonly name: string
}

const valuesOf = ({ context, model, name }: Place) =>
  rowsOf(context, model, [{ name: 'v', sql: columnOf(context.layer, model, name) }])

export function checkNotNull(place: Place): CompiledCheck {
  const query = select({
    columns: [
      { name: 'every', sql: countRows },
      { name: 'bad', sql: countWhere(isNull(value)) },
    ],
    from: fromQuery('s', valuesOf(place)),
  })
  return {
    parts: [partOf(place.context, query)],
    judge: ([result]) => {
      const [every = 0, bad = 0] = countsIn(result)
      if (bad === 0) return passed(`All ${counted(every, 'row')} have a value of ${place.name}.`)
      return failed(`${shown(bad)} of ${counted(every, 'row')} have no value of ${place.name}.`)
    },
  }
}

export function checkUnique(place: Place): CompiledCheck {
  const groups = select({
    columns: [
      { name: 'v', sql: value },
      { name: 'n', sql: countRows },
    ],
    from: fromQuery('s', valuesOf(place)),
    where: [not(isNull(value))],
    groupBy: 1,
  })
  const query = select({
    columns: [
      { name: 'every', sql: countRows },
      { name: 'bad', sql: countWhere(operation('>', column('n', 'g'), literal(1))) },
    ],
    from: fromQuery('g', groups),
  })
  return {
    parts: [partOf(place.context, query)],
    judge: ([result]) => {
      const [every = 0, bad = 0] = countsIn(result)
      if (bad === 0) return passed(`All ${counted(every, 'value')} of ${place.name} occur once.`)
      return failed(`${shown(bad)} of ${counted(every, 'value')} of ${place.name} occur more than once.`)
    },
  }
}

type Accepted = Extract<DeclaredCheck, { type: 'accepted_values' }>['values'][number]

export function checkAccepted(place: Place, values: readonly Accepted[]): CompiledCheck {
  // Nothing is in no list, and accepted.
  const list = values.flatMap((one) => (one === null ? [] : [valueSql(one)]))
  const query = select({
    columns: [
      { name: 'every', sql: countWhere(not(isNull(value))) },
      { name: 'bad', sql: countWhere(list.length === 0 ? not(isNull(value)) : not({ kind: 'in', of: value, list })) },
    ],
    from: fromQuery('s', valuesOf(place)),
  })
  return {
    parts: [partOf(place.context, query)],
    judge: ([result]) => {
      const [every = 0, bad = 0] = countsIn(result)
      if (bad === 0) return passed(`All ${counted(every, 'row')} with a value of ${place.name} have an accepted one.`)
      return failed(`${shown(bad)} of ${counted(every, 'row')} have a value of ${place.name} that is not accepted.`)
    },
  }
}

/** Numbers stand in the text, exactly as they were written. */
function valueSql(one: Accepted): Sql {
  if (typeof one === 'number' || typeof one === 'boolean') return literal(one)
  return { kind: 'parameter', value: typeof one === 'string' ? one : JSON.stringify(one), type: undefined }
}

/** `targets`: the models that hold what the entity points to, with their entity. Any of them will do. */
export function checkRelationship(
  place: Place,
  targets: readonly { readonly model: string; readonly key: string }[],
): CompiledCheck {
  const { context, name } = place
  const found = targets.map(({ model, key }) =>
    rowsOf(context, model, [{ name: 'k', sql: columnOf(context.layer, model, key) }]),
  )
  const keys = select({
    columns: [{ name: 'k', sql: column('k', 'f') }],
    from: fromQuery('f', { kind: 'union', parts: found }),
    where: [not(isNull(column('k', 'f')))],
    distinct: true,
  })
  const query = select({
    columns: [
      { name: 'every', sql: countRows },
      { name: 'bad', sql: countWhere(isNull(column('k', 'k'))) },
    ],
    from: fromQuery('s', valuesOf(place)),
    joins: [{ ...fromQuery('k', keys), join: 'left', on: [operation('=', value, column('k', 'k'))] }],
    where: [not(isNull(value))],
  })
  const where = targets.map(({ model }) => model).join(' or ')
  return {
    parts: [partOf(context, query)],
    judge: ([result]) => {
      const [every = 0, bad = 0] = countsIn(result)
      if (bad === 0) return passed(`All ${counted(every, 'row')} that name one of ${where} by ${name} find it.`)
      return failed(`${shown(bad)} of ${counted(every, 'row')} that name one of ${where} by ${name} do not find it.`)
    },
  }
}

/** Names of a model's columns that a check can speak of. */
export function columnNames({ models }: MetricLayer, model: string): readonly string[] {
  const { entities = {}, dimensions = {}, measures = {} } = models[model] ?? {}
  return [...Object.keys(entities), ...Object.keys(dimensions), ...Object.keys(measures)]
}
