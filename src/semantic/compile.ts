import type { MetricLayer } from '../../schemas/metrics.ts'
import { AquiferError } from '../core/errors.ts'
import { hint } from '../core/nearest.ts'
import { buildAnswer } from './build/answer.ts'
import { buildCombinations } from './build/combinations.ts'
import type { Asking } from './build/conditions.ts'
import { coarser, rank, shareQuery, type Context } from './build/context.ts'
import { joinMetric } from './build/join-metric.ts'
import { refuseFiner } from './build/refuse-finer.ts'
import { ConditionError } from './condition/condition-error.ts'
import { parseGroupBy } from './condition/parse-group-by.ts'
import type { StandardGrain } from './condition/tree.ts'
import { dialects } from './dialects/index.ts'
import type { DialectName, Statement } from './engine.ts'
import { resolveName, type NameScope } from './names/resolve-name.ts'
import { askedOf, timeOfLeaf, type Asked } from './plan/asked.ts'
import type { Access } from './plan/access.ts'
import { requireMetric } from './plan/is-visible.ts'
import { conditionOf, expandMetric, leavesOf, type Filter, type Leaf, type Value } from './plan/expand-metric.ts'
import { readMoment } from './plan/read-moment.ts'
import type { AnswerColumn, Question, Refusal } from './question.ts'
import { RefusalSignal, refuse } from './refuse.ts'
import {
  column,
  fromCommon,
  fromQuery,
  isNull,
  literal,
  not,
  select,
  type Named,
  type Order,
  type Select,
  type Source,
  type Sql,
} from './sql/sql.ts'
import { writeProgram } from './sql/write-program.ts'

/** A question as one statement. */
export interface Compiled {
  readonly statement: Statement
  /** As the engine will give them; their types are its own. */
  readonly columns: readonly (Pick<AnswerColumn, 'name' | 'kind'> & {
    /** A whole day or more: shown as a date. */
    readonly date: boolean
  })[]
  /** Connection of every model that is read. */
  readonly connection: string | undefined
  readonly tables: readonly string[]
  readonly models: readonly string[]
  readonly timeZone: string
}

export interface CompileOptions {
  readonly dialect: DialectName
  readonly access: Access
  /** The number of rows instead of the rows. */
  readonly count?: boolean | undefined
}

/**
 * The statement that answers a question, or why none can be proven right. METRIC_UNKNOWN and METRIC_QUESTION_INVALID where
 * the question itself is wrong. The layer has no faults.
 */
export function compileQuestion(
  layer: MetricLayer,
  question: Question,
  options: CompileOptions,
): Compiled | { readonly refusal: Refusal } {
  try {
    return question.metrics.length === 0
      ? compileCombinations(layer, question, options)
      : compileMetrics(layer, question, options)
  } catch (error) {
    if (error instanceof RefusalSignal) return { refusal: error.refusal }
    if (error instanceof ConditionError) {
      throw new AquiferError('METRIC_QUESTION_INVALID', `The condition cannot be read: ${error.message}`, {
        cause: error,
      })
    }
    throw error
  }
}

function compileMetrics(layer: MetricLayer, question: Question, { dialect, access, count }: CompileOptions): Compiled {
  const filters = filtersOf(question)
  const metrics = question.metrics.map((name) => ({ name, value: expandKnown(layer, name, access, filters) }))
  const leaves = metrics.flatMap(({ value }) => leavesOf(value))
  const bases = [...new Set(leaves.map(({ model }) => model))]
  const connection = oneConnection(layer, bases, question.metrics)
  const defaultGrain = defaultGrainOf(layer, metrics)
  const context = openContext(layer, question, { dialect, access, connection, defaultGrain })
  const scope: NameScope = { layer, bases, sees: access.sees }
  const asking: Asking = { question: scope, metricRows: joinMetric(context) }
  const asked = question.by.map((text) => {
    const resolved = resolveName(parseGroupBy(text), scope)
    if (resolved.kind !== 'time') return askedOf(resolved, undefined)
    const cut =
      resolved.cut ?? (resolved.columns === undefined ? context.defaultCut : { grain: ownGrain(layer, resolved) })
    checkGrain(context, leaves, askedOf(resolved, cut))
    return askedOf(resolved, cut)
  })
  refuseTwice([...asked.map(({ name }) => name), ...question.metrics])
  const query = buildAnswer(context, { metrics, asked }, asking)
  const columns = [
    ...asked.map(askedColumn),
    ...question.metrics.map((name) => ({ name, kind: 'metric' as const, date: false })),
  ]
  return finish(context, { query: ordered(query, { question, columns, asked }), columns, count })
}

function compileCombinations(
  layer: MetricLayer,
  question: Question,
  { dialect, access, count }: CompileOptions,
): Compiled {
  if (question.by.length === 0) {
    throw new AquiferError('METRIC_QUESTION_INVALID', 'The question names neither a metric nor a dimension.')
  }
  const models = Object.keys(layer.models).filter((name) => access.model(name))
  const [anyModel = ''] = models
  const where = question.where === undefined ? undefined : conditionOf(question.where)
  const context = openContext(layer, question, {
    dialect,
    access,
    connection: layer.models[anyModel]?.connection,
    defaultGrain: 'day',
  })
  const combination = {
    asked: question.by.map(parseGroupBy),
    where,
    distinct: question.distinct,
    sees: access.sees,
    models,
  }
  const { query, asked } = buildCombinations(context, combination)
  refuseTwice(asked.map(({ name }) => name))
  const columns = asked.map(askedColumn)
  const whole = columns.map(({ name }): Named => ({ name, sql: column(name, 'd') }))
  // MariaDB sorts a DISTINCT wrongly by anything but its columns.
  const sortable = query.distinct ? select({ columns: whole, from: fromQuery('d', query) }) : query
  if (!question.extent)
    return finish(context, { query: ordered(sortable, { question, columns, asked }), columns, count })
  const ends = columns.flatMap((one) => [
    { ...one, name: `${one.name}__min`, of: one.name, descending: false },
    { ...one, name: `${one.name}__max`, of: one.name, descending: true },
  ])
  const rows = shareQuery(context, 'combinations', query)
  const extent = select({
    columns: ends.map(({ name, of, descending }) => ({ name, sql: endOf(rows, of, descending) })),
    // Of one row.
    from: fromQuery('n', countRows(fromCommon('c', rows))),
  })
  return finish(context, { query: extent, columns: ends.map(({ name, kind, date }) => ({ name, kind, date })), count })
}

/** The first or last value of a column; not every type of every database has a MIN. */
function endOf(rows: string, name: string, descending: boolean): Sql {
  const of = column(name, 'c')
  const query = select({
    columns: [{ name: 'end', sql: of }],
    from: fromCommon('c', rows),
    where: [not(isNull(of))],
    order: [{ by: of, descending }],
    limit: 1,
  })
  return { kind: 'subquery', query }
}

const countRows = (from: Source): Select =>
  select({ columns: [{ name: 'rows', sql: { kind: 'aggregate', aggregate: 'count', of: literal(1) } }], from })

function filtersOf({ where }: Question): readonly Filter[] {
  return where === undefined ? [] : [{ tree: conditionOf(where), level: 'question', above: 0 }]
}

function expandKnown(layer: MetricLayer, name: string, access: Access, filters: readonly Filter[]): Value {
  requireMetric(layer, name, access)
  return expandMetric(layer, name, { filters, shifts: [] })
}

function oneConnection(
  { models }: MetricLayer,
  bases: readonly string[],
  metrics: readonly string[],
): string | undefined {
  const connections = [...new Set(bases.map((base) => models[base]?.connection))]
  if (connections.length > 1) {
    const names = connections.map((name) => name ?? 'the default one').join(' and ')
    refuse(
      'other_connection',
      `${metrics.join(', ')} are on different connections (${names}); ask for them one by one.`,
    )
  }
  return connections[0]
}

/** What metric_time means for these metrics where no grain is named. There is one. */
export function defaultGrainOf(
  layer: MetricLayer,
  metrics: readonly { readonly name: string; readonly value: Value }[],
): StandardGrain {
  return metrics
    .map(({ name, value }) => layer.metrics[name]?.grain ?? dayOrCoarser(layer, leavesOf(value)))
    .reduce(coarser)
}

function dayOrCoarser(layer: MetricLayer, leaves: readonly Leaf[]): StandardGrain {
  return leaves.map((leaf) => grainOfLeaf(layer, leaf)).reduce(coarser, 'day')
}

function grainOfLeaf(layer: MetricLayer, leaf: Leaf): StandardGrain {
  const dimension = layer.models[leaf.model]?.dimensions[timeOfLeaf(layer, leaf) ?? '']
  return dimension?.type === 'time' ? dimension.grain : 'day'
}

function ownGrain({ models }: MetricLayer, { columns }: Asked['resolved']): StandardGrain {
  const [found] = columns?.values() ?? []
  const dimension = models[found?.reach.model ?? '']?.dimensions[found?.item ?? '']
  return dimension?.type === 'time' ? dimension.grain : 'day'
}

function checkGrain(context: Context, leaves: readonly Leaf[], { name, resolved, cut }: Asked): void {
  const { layer } = context
  const finest =
    resolved.columns === undefined
      ? leaves.map((leaf) => grainOfLeaf(layer, leaf)).reduce(coarser)
      : ownGrain(layer, resolved)
  refuseFiner(context, { name, cut: cut ?? {}, finest, nearest: `${resolved.name}__${finest}` })
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new AquiferError('METRIC_QUESTION_INVALID', `${twice} is asked for twice.`)
}

function openContext(
  layer: MetricLayer,
  question: Question,
  {
    dialect,
    access,
    connection,
    defaultGrain,
  }: CompileOptions & {
    readonly connection: string | undefined
    readonly defaultGrain: StandardGrain
  },
): Context {
  return {
    layer,
    access,
    connection,
    dialect: dialects[dialect],
    timeZone: zoneOf(question.timeZone),
    zoneAsked: question.timeZone !== undefined,
    defaultCut: { grain: defaultGrain },
    from: momentOf('from', question.from)?.first,
    until: momentOf('to', question.to)?.after,
    common: [],
    tables: new Set(),
    models: new Set(),
  }
}

function momentOf(what: string, text: string | undefined): ReturnType<typeof readMoment> {
  if (text === undefined) return undefined
  const moment = readMoment(text)
  if (moment === undefined)
    throw new AquiferError('METRIC_QUESTION_INVALID', `\`${what}\` is no date; write 2024, 2024-03 or 2024-03-31.`)
  return moment
}

function zoneOf(name: string | undefined): string {
  if (name === undefined) return 'UTC'
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    throw new AquiferError(
      'METRIC_QUESTION_INVALID',
      'There is no such time zone; write a name such as Europe/Berlin.',
      { cause: error },
    )
  }
}

const askedColumn = ({ name, resolved, cut }: Asked): Compiled['columns'][number] => ({
  name,
  kind: resolved.kind,
  date: cut?.grain !== undefined && rank(cut.grain) >= rank('day'),
})

/** By what the question says, then by the other columns; nulls last. */
function ordered(
  query: Select,
  {
    question,
    columns,
    asked,
  }: {
    readonly question: Question
    readonly columns: Compiled['columns']
    readonly asked: readonly Asked[]
  },
): Select {
  const names = columns.map(({ name }) => name)
  const given = question.order.map((text) => {
    const { name, path, grain, part, descending } = parseGroupBy(text)
    const written = [
      ...path,
      name,
      ...(grain === undefined ? [] : [grain]),
      ...(part === undefined ? [] : [`extract_${part}`]),
    ].join('__')
    const at = question.by.findIndex((one) => one === written || one === text)
    const found =
      names.find((one) => one === written) ??
      asked[at]?.name ??
      asked.find(({ resolved }) => resolved.name === written)?.name
    if (found === undefined) {
      throw new AquiferError(
        'METRIC_QUESTION_INVALID',
        `There is no column ${written} to order by${hint(written, names)}`,
      )
    }
    return { name: found, descending }
  })
  const rest = asked
    .filter(({ name }) => !given.some((one) => one.name === name))
    .map(({ name }) => ({ name, descending: false }))
  const order = [...given, ...rest].map(({ name, descending }): Order => ({ by: column(name), descending }))
  return { ...query, order, limit: question.limit }
}

function finish(
  context: Context,
  {
    query,
    columns,
    count,
  }: {
    readonly query: Select
    readonly columns: Compiled['columns']
    readonly count: boolean | undefined
  },
): Compiled {
  const counted = countRows(fromQuery('n', { ...query, order: query.limit === undefined ? [] : query.order }))
  return {
    statement: writeProgram({ common: context.common, query: count === true ? counted : query }, context.dialect),
    columns: count === true ? [{ name: 'rows', kind: 'metric', date: false }] : columns,
    connection: context.connection,
    tables: [...context.tables].toSorted(),
    models: [...context.models].toSorted(),
    timeZone: context.timeZone,
  }
}
