import type { Metric, MetricLayer } from '../../schemas/metrics.ts'
import { hint } from '../core/nearest.ts'
import { AquiferError } from '../core/errors.ts'
import { compileQuestion } from './compile.ts'
import { ConditionError } from './condition/condition-error.ts'
import { parseArithmetic, parseCondition } from './condition/parse-condition.ts'
import { namesIn, nodesIn } from './condition/visit-tree.ts'
import { findCycle } from './find-cycle.ts'
import { inputsOf, nameOf, type Fault } from './find-faults.ts'
import type { Access } from './plan/access.ts'
import type { Question } from './question.ts'

type Path = Fault['path']

/** Conditions and arithmetic that cannot be read, and metrics that no question could be answered of. */
export function findExpressionFaults(layer: MetricLayer): readonly Fault[] {
  const written = [
    ...Object.entries(layer.models).flatMap(([name, { policy }]) =>
      policy.flatMap(({ rows }, index) => unreadable(['models', name, 'policy', index, 'rows'], rows)),
    ),
    ...Object.entries(layer.metrics).flatMap(([name, metric]) => faultsOfMetric(['metrics', name], metric)),
    ...Object.entries(layer.queries).flatMap(([name, { where }]) => unreadable(['queries', name, 'where'], where)),
  ]
  if (written.length > 0) return written
  const made = Object.keys(layer.metrics).flatMap((name) => faultsOfMade(layer, name))
  return made.length > 0 ? made : findRefused(layer)
}

/** Metrics that the conditions of a metric speak of have to be there, and may not depend on it in turn. */
function faultsOfMade(layer: MetricLayer, name: string): readonly Fault[] {
  const path: Path = ['metrics', name]
  const known = Object.keys(layer.metrics)
  const mentioned = metricsInConditions(layer, name)
  const unknown = mentioned.filter((one) => !known.includes(one))
  if (unknown.length > 0)
    return unknown.map((one) => ({ path, message: `there is no metric ${one}${hint(one, known)}` }))
  const cycle = findCycle(name, (one) => {
    const metric = layer.metrics[one]
    return metric === undefined ? [] : [...inputsOf(metric).map(nameOf), ...metricsInConditions(layer, one)]
  })
  return cycle === undefined ? [] : [{ path, message: `is made of itself: ${cycle.join(' → ')}` }]
}

function metricsInConditions({ metrics }: MetricLayer, name: string): readonly string[] {
  const metric = metrics[name]
  if (metric === undefined) return []
  return conditionsOf(metric).flatMap((text) =>
    nodesIn(parseCondition(text))
      .toArray()
      .flatMap((node) => (node.kind === 'metric' ? [node.name] : [])),
  )
}

/** Everything that a metric says of the rows it counts. */
function conditionsOf(metric: Metric): readonly string[] {
  const inputs =
    metric.type === 'conversion'
      ? [metric.base, metric.conversion]
      : metric.type === 'simple' || metric.type === 'cumulative'
        ? [metric.measure]
        : inputsOf(metric)
  const filters = inputs.map((input) => (typeof input === 'string' ? undefined : input.filter))
  return [metric.filter, ...filters].filter((text) => text !== undefined)
}

function unreadable(path: Path, text: string | undefined): readonly Fault[] {
  if (text === undefined) return []
  return attempt(path, () => void parseCondition(text))
}

function attempt(path: Path, work: () => void): readonly Fault[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof ConditionError)
      return [{ path, message: `${error.message} (at character ${String(error.at + 1)})` }]
    if (error instanceof AquiferError) return [{ path, message: error.message }]
    throw error
  }
}

function faultsOfMetric(path: Path, metric: Metric): readonly Fault[] {
  const own = unreadable([...path, 'filter'], metric.filter)
  if (metric.type === 'simple' || metric.type === 'cumulative')
    return [...own, ...faultsOfInput([...path, 'measure'], metric.measure)]
  if (metric.type === 'conversion') {
    return [
      ...own,
      ...faultsOfInput([...path, 'base'], metric.base),
      ...faultsOfInput([...path, 'conversion'], metric.conversion),
    ]
  }
  if (metric.type === 'ratio') {
    return [
      ...own,
      ...faultsOfInput([...path, 'numerator'], metric.numerator),
      ...faultsOfInput([...path, 'denominator'], metric.denominator),
    ]
  }
  const inputs = metric.inputs.flatMap((input, index) => faultsOfInput([...path, 'inputs', index], input))
  const names = metric.inputs.map((input) => (typeof input === 'string' ? input : (input.alias ?? input.name)))
  return [...own, ...inputs, ...faultsOfArithmetic([...path, 'expr'], metric.expr, names)]
}

function faultsOfInput(path: Path, input: string | { readonly filter?: string | undefined }): readonly Fault[] {
  return typeof input === 'string' ? [] : unreadable([...path, 'filter'], input.filter)
}

function faultsOfArithmetic(path: Path, expr: string, inputs: readonly string[]): readonly Fault[] {
  const faults: Fault[] = []
  const unread = attempt(path, () => {
    const tree = parseArithmetic(expr)
    for (const { name } of namesIn(tree)) {
      if (!inputs.includes(name)) faults.push({ path, message: `${name} is none of its inputs${hint(name, inputs)}` })
    }
    if (nodesIn(tree).some(({ kind }) => kind === 'metric')) {
      faults.push({ path, message: 'arithmetic is over the inputs; name the metric as one of them' })
    }
  })
  return [...unread, ...faults]
}

const everything: Access = { model: () => true, rows: () => undefined, sees: () => true, minRows: () => undefined }
const plain: Omit<Question, 'metrics' | 'by'> = { order: [], distinct: true, extent: false }

/** Asked in the simplest way, each metric has to have an answer; what is wrong in a filter or a join shows here. */
function findRefused(layer: MetricLayer): readonly Fault[] {
  const compile = (question: Question): string | undefined => {
    const compiled = compileQuestion(layer, question, { dialect: 'duckdb', access: everything })
    return 'refusal' in compiled ? compiled.refusal.message : undefined
  }
  const metrics = Object.keys(layer.metrics).flatMap((name) => {
    const path: Path = ['metrics', name]
    return attempt(path, () => {
      const message = compile({ ...plain, metrics: [name], by: [] })
      // Offsets and windows are asked for by time.
      const timed = message === undefined ? undefined : compile({ ...plain, metrics: [name], by: ['metric_time'] })
      if (timed !== undefined) throw new AquiferError('CONFIG_INVALID', timed)
    })
  })
  const queries = Object.entries(layer.queries).flatMap(([name, { metrics: asked, by, where, order, limit }]) =>
    attempt(['queries', name], () => {
      const message = compile({ ...plain, metrics: asked, by, where, order, limit })
      if (message !== undefined) throw new AquiferError('CONFIG_INVALID', message)
    }),
  )
  const policies = Object.entries(layer.models).flatMap(([name, { policy, dimensions, entities }]) =>
    policy.flatMap(({ rows }, index) =>
      rows === undefined
        ? []
        : unknownColumns(['models', name, 'policy', index, 'rows'], rows, [
            ...Object.keys(dimensions),
            ...Object.keys(entities),
          ]),
    ),
  )
  return [...metrics, ...queries, ...policies]
}

/** A policy speaks of its own model's columns only: it has to hold wherever the model is read. */
function unknownColumns(path: Path, rows: string, columns: readonly string[]): readonly Fault[] {
  const tree = parseCondition(rows)
  if (nodesIn(tree).some(({ kind }) => kind === 'metric'))
    return [{ path, message: 'a policy cannot depend on a metric' }]
  return namesIn(tree).flatMap(({ name }) => {
    const item = name.split('__').at(-1) ?? name
    return columns.includes(item) ? [] : [{ path, message: `${name} is no column of this model${hint(item, columns)}` }]
  })
}
