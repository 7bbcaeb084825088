import { parseGroupBy } from '../condition/parse-group-by.ts'
import { metricTime, resolveName, type NameScope } from '../names/resolve-name.ts'
import { askedOf } from '../plan/asked.ts'
import { requireMetric } from '../plan/is-visible.ts'
import { expandMetric, leavesOf } from '../plan/expand-metric.ts'
import { refuse } from '../refuse.ts'
import { column, operation } from '../sql/sql.ts'
import { buildAnswer } from './answer.ts'
import { shareQuery, type Context } from './context.ts'
import type { MetricRows } from './metric-rows.ts'

/** A condition's metric, grouped by what it names and joined to the rows on it: one value for a row at most. */
export function joinMetric(context: Context): MetricRows {
  /** Several facts may have the same condition: the metric is computed once. */
  const known = new Map<string, string>()
  return ({ name, by }, { filter, leaf, asking, rows }) => {
    const caller = filter.level === 'question'
    if (caller) requireMetric(context.layer, name, context.access)
    const value = expandMetric(context.layer, name, { filters: [], shifts: [] })
    const bases = [...new Set(leavesOf(value).map(({ model }) => model))]
    const inner: NameScope = { ...asking.question, bases, sees: caller ? asking.question.sees : () => true }
    const outer: NameScope = { ...inner, bases: [leaf.model] }
    const asked = by.map((text) => {
      const resolved = resolveName(parseGroupBy(text), inner)
      if (resolved.kind === 'time' || resolved.name === metricTime) {
        refuse('unsupported', `A condition's metric is asked by entities or dimensions; ${text} is a time.`)
      }
      return { text, asked: askedOf(resolved, undefined) }
    })
    const key = JSON.stringify([name, by, caller])
    const common =
      known.get(key) ??
      shareQuery(
        context,
        'metric',
        buildAnswer(
          { ...context, from: undefined, until: undefined },
          { metrics: [{ name: 'value', value }], asked: asked.map((one) => one.asked) },
          { question: inner, metricRows: asking.metricRows },
        ),
      )
    known.set(key, common)
    const alias = rows.join((at) => ({
      alias: at,
      from: { kind: 'common', name: common },
      join: 'left',
      on: asked.map((one) => {
        const own = outerColumn(one.text, outer, leaf.model)
        return operation('=', rows.dimension(own), column(one.asked.name, at))
      }),
    }))
    return column('value', alias)
  }
}

/** `view__listing` may be `listing` to the rows. */
function outerColumn(
  text: string,
  scope: NameScope,
  model: string,
): Parameters<Parameters<MetricRows>[1]['rows']['dimension']>[0] {
  const request = parseGroupBy(text)
  const last = { ...request, name: request.name.split('__').at(-1) ?? request.name, path: [] }
  for (const one of [request, last]) {
    try {
      const found = resolveName(one, scope).columns?.get(model)
      if (found !== undefined) return found
    } catch (error) {
      if (one === last) throw error
    }
  }
  return refuse('unreachable', `${text} cannot be reached from ${model}.`)
}
