import type { Item } from '../item.ts'
import type { DimensionInput } from '../layer-input.ts'
import { flag, refuse, sql, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescribed } from './convert-described.ts'
import { convertGrain, isFiner } from './convert-window.ts'

interface Column {
  readonly expr?: string | undefined
  /** The grain of its column, where the form says it there. */
  readonly grain?: Item | undefined
}

/** A dimension of either form. */
export function convertDimension(item: Item, name: string, context: Context, column: Column = {}): DimensionInput {
  const expr = column.expr ?? sql(item, 'expr')
  const type = (text(item, 'type') ?? (typeof item.value === 'string' ? item.value : '')).toLowerCase()
  const common = {
    ...(expr === undefined || expr === name ? {} : { expr }),
    ...convertDescribed(item, name, context),
  }
  item.ignore('metadata')
  if (type === 'categorical') {
    if (flag(item, 'is_partition')) refuse(item, 'only a time dimension can be a partition here')
    return { type, ...common }
  }
  if (type !== 'time') refuse(item, 'type has to be categorical or time')
  const params = item.get('type_params') ?? item
  const grain = column.grain ?? params.get('time_granularity') ?? params.get('granularity')
  if (grain === undefined) refuse(item, 'a time dimension needs a granularity')
  return {
    type,
    ...common,
    grain: convertFinest(grain, name, context),
    ...(flag(item, 'is_partition') ? { partition: true } : {}),
    ...convertValidity(params.get('validity_params')),
  }
}

function convertFinest(item: Item, name: string, { draft }: Context): NonNullable<ReturnType<typeof convertGrain>> {
  const said = String(item.value).toLowerCase()
  if (!isFiner(said)) return convertGrain(item) ?? 'day'
  draft.note(
    item.place,
    `dimension ${name}: ${said} becomes millisecond, the finest grain here; finer parts are cut off`,
  )
  return 'millisecond'
}

function convertValidity(item: Item | undefined): { validity?: 'start' | 'end' } {
  if (item === undefined) return {}
  const [isStart, isEnd] = [flag(item, 'is_start'), flag(item, 'is_end')]
  if (isStart && isEnd) refuse(item, 'one column cannot be both the start and the end of validity')
  if (!isStart && !isEnd) return {}
  return { validity: isStart ? 'start' : 'end' }
}
