import { ConditionError } from '../../condition/condition-error.ts'
import { parseGroupBy, type GroupBy } from '../../condition/parse-group-by.ts'
import { plainName } from '../../condition/plain-name.ts'
import type { Item } from '../item.ts'
import type { QueryInput } from '../layer-input.ts'
import { checkName, list, number, refuse, required, scalar, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescribed, isEnabled } from './convert-described.ts'
import { convertFilter } from './convert-filter.ts'

/** A saved query. What it exports to is said to be left out. */
export function convertQuery(item: Item, context: Context): void {
  const shown = text(item, 'name') ?? 'without a name'
  if (!isEnabled(item, `query ${shown}`, context)) return
  item.ignore('metadata', 'exports')
  for (const one of list(item, 'exports')) {
    const name = text(one, 'name') ?? ''
    context.draft.note(one.place, `query ${shown}, export ${name}: left out; \`every\` of a query keeps its answer`)
  }
  context.draft.attempt('queries', shown, item, () => {
    const name = checkName(required(item, 'name'), item.get('name') ?? item)
    const params = item.get('query_params') ?? refuse(item, 'query_params is missing')
    const where = convertFilter(params.get('where'))
    const limit = number(params, 'limit')
    const order = list(params, 'order_by').map((one) => {
      const column = read(one)
      return `${column.descending ? '-' : ''}${lowerName(column)}`
    })
    const by = list(params, 'group_by').map((one) => lowerName(read(one)))
    const query: QueryInput = {
      ...convertDescribed(item, name, context),
      metrics: list(params, 'metrics').map((one) => scalar(one, 'metrics')),
      ...(by.length === 0 ? {} : { by }),
      ...(where === undefined ? {} : { where }),
      ...(order.length === 0 ? {} : { order }),
      ...(limit === undefined ? {} : { limit }),
    }
    context.draft.add('queries', name, query, item)
  })
}

const lowerName = (column: GroupBy): string => plainName(column).toLowerCase()

function read(item: Item): GroupBy {
  try {
    return parseGroupBy(scalar(item, 'a column'))
  } catch (thrown) {
    if (!(thrown instanceof ConditionError)) throw thrown
    return refuse(item, `the column cannot be read: ${thrown.message}`)
  }
}
