import type { Draft } from '../draft.ts'
import { isMap, type Item } from '../item.ts'
import { checkName, list, required, scalar, text } from '../read-item.ts'

interface Words {
  description?: string
  synonyms?: string[]
}

/** The description with what is said to agents after it, and the synonyms. */
export function convertWords(item: Item): Words {
  const context = item.get('ai_context')
  const isText = typeof context?.value === 'string'
  const said = [
    text(item, 'description'),
    isText ? scalar(context) : undefined,
    isMap(context?.value) && context !== undefined ? text(context, 'instructions') : undefined,
  ].filter((one) => one !== undefined)
  const synonyms =
    context === undefined || isText ? [] : list(context, 'synonyms').map((one) => scalar(one, 'synonyms'))
  return {
    ...(said.length === 0 ? {} : { description: said.join('\n\n') }),
    ...(synonyms.length === 0 ? {} : { synonyms }),
  }
}

/** A name in lower case, in which SQL reads it anyway. */
export function convertName(item: Item, { note }: Pick<Draft, 'note'>): string {
  const said = required(item, 'name')
  const at = item.get('name') ?? item
  const name = checkName(said.toLowerCase(), at)
  if (name !== said) note(at.place, `${said}: called ${name}`)
  return name
}
