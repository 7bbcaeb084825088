import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Context } from '../build/context.ts'
import { expressionOf } from '../build/expression-of.ts'
import { tableOf } from '../build/row-scope.ts'
import { dialects } from '../dialects/index.ts'
import type { DialectName } from '../engine.ts'
import { accessOf } from '../plan/access.ts'
import { literal, select, type Named, type Query, type Select, type Sql } from '../sql/sql.ts'
import { writeProgram } from '../sql/write-program.ts'
import type { CheckPart } from './compiled-check.ts'

/** Whoever runs checks sees every row. */
const checker = { id: 'checks', groups: [], admin: true }

/** What a check of rows of one connection is built with. */
export function openCheck(layer: MetricLayer, connection: string | undefined, dialect: DialectName): Context {
  return {
    layer,
    access: accessOf(layer, checker, undefined),
    connection,
    dialect: dialects[dialect],
    timeZone: 'UTC',
    zoneAsked: false,
    defaultCut: { grain: 'day' },
    from: undefined,
    until: undefined,
    common: [],
    tables: new Set(),
    models: new Set(),
  }
}

/** These expressions of a model's rows. */
export function rowsOf(context: Context, model: string, columns: readonly Named[]): Select {
  return select({ columns, from: { alias: 't', from: tableOf(context, model) } })
}

/** The expression of an entity, a dimension or a measure; its name where it has none. */
export function columnOf({ models }: MetricLayer, model: string, name: string): Sql {
  const { entities = {}, dimensions = {}, measures = {} } = models[model] ?? {}
  return expressionOf((entities[name] ?? dimensions[name] ?? measures[name])?.expr ?? name)
}

/** A time dimension as a timestamp, as it is stored. */
export const momentOf = (layer: MetricLayer, model: string, name: string): Sql => ({
  kind: 'cast',
  of: columnOf(layer, model, name),
  to: 'timestamp',
})

export function partOf(context: Context, query: Query): CheckPart {
  return {
    statement: writeProgram({ common: context.common, query }, context.dialect),
    connection: context.connection,
    tables: [...context.tables].toSorted(),
  }
}

export const countRows: Sql = { kind: 'aggregate', aggregate: 'count', of: literal(1) }
export const countWhere = (condition: Sql): Sql => ({
  kind: 'aggregate',
  aggregate: 'count',
  of: onlyWhere(condition, literal(1)),
})
export const sumWhere = (condition: Sql, of: Sql): Sql => ({
  kind: 'aggregate',
  aggregate: 'sum',
  of: onlyWhere(condition, of),
})

function onlyWhere(when: Sql, then: Sql): Sql {
  // oxlint-disable-next-line unicorn/no-thenable -- an expression, no function: nothing awaits it
  return { kind: 'case', branches: [{ when, then }], otherwise: undefined }
}
