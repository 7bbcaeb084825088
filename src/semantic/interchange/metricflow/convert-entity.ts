import type { Item } from '../item.ts'
import type { EntityInput } from '../layer-input.ts'
import { refuse, sql, text } from '../read-item.ts'
import type { Context } from './context.ts'
import { convertDescription } from './convert-described.ts'

const types = ['primary', 'unique', 'foreign', 'natural'] as const

/** An entity of either form; `expr` is its column where the form does not say it. */
export function convertEntity(item: Item, name: string, context: Context, expr = sql(item, 'expr')): EntityInput {
  const said = (text(item, 'type') ?? (typeof item.value === 'string' ? item.value : '')).toLowerCase()
  const type = types.find((one) => one === said) ?? refuse(item, `type has to be one of ${types.join(', ')}`)
  item.ignore('metadata')
  return {
    type,
    ...(expr === undefined || expr === name ? {} : { expr }),
    ...convertDescription(item, context),
  }
}
