import type { Asked } from '../plan/asked.ts'
import { leavesOf, type Leaf, type Value } from '../plan/expand-metric.ts'
import { timeOfLeaf } from '../plan/asked.ts'
import {
  column,
  fromCommon,
  fromQuery,
  operation,
  select,
  type Named,
  type Query,
  type Select,
  type Source,
  type Sql,
} from '../sql/sql.ts'
import type { Asking } from './conditions.ts'
import { shareQuery, type Context } from './context.ts'
import { buildFact } from './fact.ts'
import { writeTree } from './write-tree.ts'

/** What a query is to give: these columns, then these metrics. */
export interface Wanted {
  readonly metrics: readonly { readonly name: string; readonly value: Value }[]
  readonly asked: readonly Asked[]
}

interface NamedLeaf {
  readonly leaf: Leaf
  readonly name: string
  readonly key: string
}

/** One row for each combination of the asked-for columns that any of the facts has. */
export function buildAnswer(context: Context, { metrics, asked }: Wanted, asking: Asking): Select {
  const leaves = nameLeaves(
    context,
    metrics.flatMap(({ value }) => leavesOf(value)),
  )
  const facts = [...Map.groupBy(leaves.values(), ({ key }) => key).values()]
  const queries = facts.map((fact) => ({
    names: fact.map(({ name }) => name),
    query: buildFact(context, fact, asked, asking),
  }))
  const [only, more] = queries
  if (only === undefined) throw new Error('A question has a metric')
  const from = more === undefined ? fromQuery('a', only.query) : meet(context, queries, asked)
  const columnOf = (leaf: Leaf): Sql => column(leaves.get(leafKey(context, leaf, true))?.name ?? '', 'a')
  const columns: readonly Named[] = [
    ...asked.map(({ name }) => ({ name, sql: column(name, 'a') })),
    ...metrics.map(({ name, value }) => ({ name, sql: valueSql(value, columnOf) })),
  ]
  return select({ columns, from })
}

/** Equal leaves are computed once. */
function nameLeaves(context: Context, leaves: readonly Leaf[]): ReadonlyMap<string, NamedLeaf> {
  const named = new Map<string, NamedLeaf>()
  for (const leaf of leaves) {
    const whole = leafKey(context, leaf, true)
    if (!named.has(whole))
      named.set(whole, { leaf, name: `v${String(named.size + 1)}`, key: leafKey(context, leaf, false) })
  }
  return named
}

/** Leaves with the same key come from the same rows, grouped in the same way. */
function leafKey(context: Context, leaf: Leaf, withMeasure: boolean): string {
  const { measure, fill: _fill, ...rest } = leaf
  const over = context.layer.models[leaf.model]?.measures[measure]?.over_time
  const apart = withMeasure || leaf.conversion !== undefined ? measure : ''
  return JSON.stringify([rest, apart, timeOfLeaf(context.layer, leaf) ?? null, over ?? null])
}

/** Facts under one another, each with nulls for the others' values, and grouped: nulls meet nulls, in every database. */
function meet(
  context: Context,
  facts: readonly { readonly names: readonly string[]; readonly query: Query }[],
  asked: readonly Asked[],
): Source {
  const shared = facts.map(({ names, query }) => ({ names, common: shareQuery(context, 'fact', query) }))
  const parts = shared.map(({ names: own, common }) =>
    select({
      columns: [
        ...asked.map(({ name }) => ({ name, sql: column(name, 'f') })),
        ...shared.flatMap((other) =>
          other.names.map((name) => ({
            name,
            sql: own.includes(name) ? column(name, 'f') : nothingOf(name, other.common),
          })),
        ),
      ],
      from: fromCommon('f', common),
    }),
  )
  const values = shared.flatMap(({ names }) => names)
  const met = select({
    columns: [
      ...asked.map(({ name }) => ({ name, sql: column(name, 'u') })),
      ...values.map((name): Named => ({ name, sql: { kind: 'aggregate', aggregate: 'max', of: column(name, 'u') } })),
    ],
    from: fromQuery('u', { kind: 'union', parts }),
    groupBy: asked.length,
  })
  return fromQuery('a', met)
}

/** A null of the column's type: Postgres takes an untyped one for text. */
function nothingOf(name: string, common: string): Sql {
  const query = select({
    columns: [{ name, sql: column(name, 'n') }],
    from: fromCommon('n', common),
    where: [{ kind: 'literal', value: false }],
  })
  return { kind: 'subquery', query }
}

function valueSql(value: Value, columnOf: (leaf: Leaf) => Sql): Sql {
  if (value.kind === 'leaf') {
    const sql = columnOf(value.leaf)
    const { fill } = value.leaf
    return fill === undefined ? sql : { kind: 'call', name: 'coalesce', args: [sql, { kind: 'literal', value: fill }] }
  }
  if (value.kind === 'ratio') return operation('/', valueSql(value.top, columnOf), valueSql(value.bottom, columnOf))
  return writeTree(value.tree, {
    name: ({ name }) => {
      const input = value.inputs.get(name)
      if (input === undefined) throw new Error(`${name} is no input`)
      return { sql: valueSql(input, columnOf), time: false }
    },
    metric: ({ name }) => {
      throw new Error(`${name} cannot be asked within arithmetic`)
    },
    inline: true,
  })
}
