import type { Json } from '../../../schemas/record.ts'
import { facet } from '../../core/facet.ts'
import { toJson } from '../parse/front-matter.ts'
import type { Lookup } from './template.ts'

/** Declared fields with their values, and as entries to filter on: one for each value of a list, none for null. */
export function fieldsOf(
  names: readonly string[],
  lookup: Lookup,
): { fields: Record<string, Json>; facets: readonly string[] } {
  const entries = names.flatMap((name) => {
    const value = lookup(name)
    return value === undefined ? [] : [{ name, value: toJson(value) }]
  })
  const facets = entries.flatMap(({ name, value }) => facetsOf(name, value))
  return { fields: Object.fromEntries(entries.map(({ name, value }) => [name, value])), facets: [...new Set(facets)] }
}

function facetsOf(name: string, value: Json): string[] {
  if (value === null) return []
  if (Array.isArray(value)) return value.flatMap((item: Json) => facetsOf(name, item))
  return [facet(name, typeof value === 'object' ? JSON.stringify(value) : value)]
}
