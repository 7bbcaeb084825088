import { shareQuery, type Context } from '../build/context.ts'
import { partitionsOf, validityOf } from '../names/reach-models.ts'
import {
  column,
  fromCommon,
  fromQuery,
  isNull,
  literal,
  not,
  operation,
  select,
  type Named,
  type Select,
  type Sql,
} from '../sql/sql.ts'
import { columnOf, countRows, countWhere, momentOf, partOf, rowsOf, sumWhere } from './check-context.ts'
import { counted, countsIn, failed, passed, shown, type CompiledCheck } from './compiled-check.ts'

interface Key {
  readonly context: Context
  readonly model: string
  readonly entity: string
}

/**
 * Whether a join by this entity meets at most one row: each has one, and no two rows of the same partition have the same
 * one; where rows hold from one date to another, not at the same time.
 */
export function checkKey(key: Key): CompiledCheck {
  const validity = validityOf(modelOf(key))
  const query = validity === undefined ? uniqueness(key) : overlaps(key, validity)
  const { entity, context } = key
  return {
    parts: [partOf(context, query)],
    judge: ([result]) => {
      const [every = 0, nothing = 0, bad = 0] = countsIn(result)
      const faults = [
        ...(bad === 0
          ? []
          : validity === undefined
            ? [`${counted(bad, 'value')} of ${entity} ${bad === 1 ? 'occurs' : 'occur'} more than once`]
            : [
                `${shown(bad)} of ${counted(every, 'row')} begin before the one before of the same ${entity} has ended`,
              ]),
        ...(nothing === 0 ? [] : [`${shown(nothing)} of ${counted(every, 'row')} have no ${entity}`]),
      ]
      if (faults.length > 0) return failed(`${faults.join('; ')}.`)
      return passed(`${counted(every, 'row')}, each the only one of its ${entity}.`)
    },
  }
}

function modelOf({ context, model }: Key) {
  const found = context.layer.models[model]
  if (found === undefined) throw new Error(`There is no model ${model}`)
  return found
}

/** The key as `k`, the partitions as `p0`, `p1`…: within these it has to be unique. */
function keyColumns(key: Key): readonly Named[] {
  const { context, model, entity } = key
  const partitions = partitionsOf(modelOf(key)).map((name, index): Named => {
    const dimension = context.layer.models[model]?.dimensions[name]
    const stored = momentOf(context.layer, model, name)
    const grain = dimension?.type === 'time' ? dimension.grain : 'day'
    return { name: `p${String(index)}`, sql: { kind: 'truncate', of: stored, grain } }
  })
  return [{ name: 'k', sql: columnOf(context.layer, model, entity) }, ...partitions]
}

/** Rows without a partition meet no other row. */
const present = (names: readonly string[], alias: string): readonly Sql[] =>
  names.map((name) => not(isNull(column(name, alias))))
const both = (conditions: readonly Sql[]): Sql => conditions.reduce((left, right) => operation('and', left, right))

function uniqueness(key: Key): Select {
  const columns = keyColumns(key)
  const names = columns.map(({ name }) => name)
  const groups = select({
    columns: [...names.map((name) => ({ name, sql: column(name, 's') })), { name: 'n', sql: countRows }],
    from: fromQuery('s', rowsOf(key.context, key.model, columns)),
    groupBy: names.length,
  })
  const count = column('n', 'g')
  const repeated = both([...present(names, 'g'), operation('>', count, literal(1))])
  return select({
    columns: [
      { name: 'every', sql: { kind: 'aggregate', aggregate: 'sum', of: count } },
      { name: 'nothing', sql: sumWhere(isNull(column('k', 'g')), count) },
      { name: 'bad', sql: countWhere(repeated) },
    ],
    from: fromQuery('g', groups),
  })
}

/** Where any two rows hold at the same time, then so do two that follow one another by their start. */
function overlaps(key: Key, validity: { readonly start: string; readonly end: string }): Select {
  const { context, model } = key
  const columns = keyColumns(key)
  const names = columns.map(({ name }) => name)
  const all = shareQuery(
    context,
    'rows',
    rowsOf(context, model, [
      ...columns,
      { name: 'b', sql: momentOf(context.layer, model, validity.start) },
      { name: 'e', sql: momentOf(context.layer, model, validity.end) },
    ]),
  )
  const spans = numberSpans(key, all, names)
  const partner = names.map((name) => operation('=', column(name, 'a'), column(name, 'z')))
  const next = operation('=', column('n', 'z'), operation('+', column('n', 'a'), literal(1)))
  const late = operation('or', isNull(column('e', 'a')), operation('>', column('e', 'a'), column('b', 'z')))
  const pairs = select({
    columns: [{ name: 'bad', sql: countRows }],
    from: fromCommon('a', spans),
    joins: [{ ...fromCommon('z', spans), join: 'inner', on: [...partner, next] }],
    where: [late],
  })
  const counts = select({
    columns: [
      { name: 'every', sql: countRows },
      { name: 'nothing', sql: countWhere(isNull(column('k', 's'))) },
    ],
    from: fromCommon('s', all),
  })
  return select({
    columns: [
      { name: 'every', sql: column('every', 'c') },
      { name: 'nothing', sql: column('nothing', 'c') },
      { name: 'bad', sql: column('bad', 'o') },
    ],
    from: fromQuery('c', counts),
    joins: [{ ...fromQuery('o', pairs), join: 'cross', on: [] }],
  })
}

/** The rows that hold at any time at all, in the order of their start. */
function numberSpans({ context }: Key, all: string, names: readonly string[]): string {
  const [begin, end] = [column('b', 's'), column('e', 's')]
  const numbered: Sql = {
    kind: 'window',
    name: 'row_number',
    of: undefined,
    partition: names.map((name) => column(name, 's')),
    order: [{ by: begin, descending: false }],
  }
  const query = select({
    columns: [...[...names, 'b', 'e'].map((name) => ({ name, sql: column(name, 's') })), { name: 'n', sql: numbered }],
    from: fromCommon('s', all),
    where: [...present([...names, 'b'], 's'), operation('or', isNull(end), operation('>', end, begin))],
  })
  return shareQuery(context, 'spans', query)
}
