import type { Item } from '../item.ts'
import { checkName, required, text } from '../read-item.ts'
import type { Context } from './context.ts'

/** The name of a model or of a part of one. MetricFlow lower-cases these, and so is done here. */
export function convertName(item: Item, { draft }: Pick<Context, 'draft'>, key = 'name'): string {
  const said = required(item, key)
  const at = item.get(key) ?? item
  const name = checkName(said.toLowerCase(), at)
  if (name !== said) draft.note(at.place, `${said}: called ${name}, as MetricFlow does`)
  return name
}

/** Where another part of a model is named; undefined where it is not. */
export function convertReference(item: Item, key: string): string | undefined {
  return text(item, key)?.toLowerCase()
}
