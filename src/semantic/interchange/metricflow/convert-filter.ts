import { ConditionError } from '../../condition/condition-error.ts'
import { parseCondition } from '../../condition/parse-condition.ts'
import { isMap, type Item } from '../item.ts'
import { refuse, scalar } from '../read-item.ts'

/** The one condition that a filter is: a text, a list, or `where_filters`. Its templates stay as they are. */
export function convertFilter(item: Item | undefined): string | undefined {
  if (item === undefined) return undefined
  return allOf(textsOf(item).map((one) => convertText(one)))
}

/** Conditions that all have to hold, as one. */
export function allOf(conditions: readonly (string | undefined)[]): string | undefined {
  const given = [...new Set(conditions.filter((one) => one !== undefined))]
  return given.length > 1 ? given.map((one) => `(${one})`).join(' AND ') : given[0]
}

function textsOf(item: Item): readonly Item[] {
  if (!isMap(item.value)) return item.items().flatMap((one) => (isMap(one.value) ? textsOf(one) : [one]))
  const template = item.get('where_sql_template')
  if (template !== undefined) return [template]
  return (item.get('where_filters')?.items() ?? []).flatMap(textsOf)
}

function convertText(item: Item): string {
  // MetricFlow reads names without regard to case; ours are lower-case.
  const condition = scalar(item, 'filter').replace(/\{\{[^{}]*\}\}/g, (template) =>
    /\bMetric\s*\(/.test(template) ? template : template.replace(/'[^']*'|"[^"]*"/g, (name) => name.toLowerCase()),
  )
  try {
    parseCondition(condition)
  } catch (thrown) {
    if (!(thrown instanceof ConditionError)) throw thrown
    refuse(item, `the filter cannot be read: ${thrown.message} (character ${String(thrown.at + 1)})`)
  }
  return condition
}
