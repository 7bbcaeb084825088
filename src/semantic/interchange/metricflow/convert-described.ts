import type { Item } from '../item.ts'
import { text } from '../read-item.ts'
import type { Context } from './context.ts'

interface Described {
  label?: string
  description?: string
}

/** What people call it, and its description. A label that only repeats the name says nothing. */
export function convertDescribed(item: Item, name: string, context: Context): Described {
  const label = text(item, 'label')
  return {
    ...(label === undefined || label === name ? {} : { label }),
    ...convertDescription(item, context),
  }
}

export function convertDescription(item: Item, { draft }: Context): Pick<Described, 'description'> {
  const description = text(item, 'description')
  if (description === undefined) return {}
  if (!/\{\{|\{%/.test(description)) return { description }
  draft.note(item.get('description')?.place ?? item.place, 'description: left out; dbt fills in its template')
  return {}
}

/** The owner that dbt's `meta` names. */
export function convertOwner(item: Item): { owner?: string } {
  for (const meta of [item.get('config')?.get('meta'), item.get('meta')]) {
    const owner = meta?.get('owner')
    if (typeof owner?.value === 'string') return { owner: owner.value }
  }
  return {}
}

/** False where it is switched off: the object is left out, and that is noted. */
export function isEnabled(item: Item, what: string, { draft }: Context): boolean {
  const switches = [item.get('enabled'), item.get('config')?.get('enabled')]
  const off = switches.find(
    (one) => one !== undefined && ['false', 'no', 'off'].includes(String(one.value).toLowerCase()),
  )
  if (off === undefined) return true
  draft.note(off.place, `${what}: left out; it is not enabled`)
  item.ignoreAll()
  return false
}
