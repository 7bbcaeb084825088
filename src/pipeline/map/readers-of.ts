import type { Acl } from '../../../schemas/config.ts'
import type { Json } from '../../../schemas/record.ts'
import { everybody } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import { type Lookup, parseTemplate, type TemplatePart, valueText } from './template.ts'

/** The acl entries of an item. None means administrators only; that everybody may read is never taken from data. */
export function readersOf(acl: Acl | undefined, lookup: Lookup): string[] {
  if (acl === undefined) return []
  if ('public' in acl) return [everybody]
  if (typeof acl.groups === 'string') return distinct(groupsOf(acl.groups, lookup)).filter((name) => name !== everybody)
  if (acl.groups.includes(everybody)) {
    throw new AquiferError(
      'SOURCE_INVALID',
      'A group cannot be named *; write `acl: { public: true }` to let everybody read.',
    )
  }
  return distinct(acl.groups)
}

/** Entries that Aquifer itself has written: those may say that everybody reads. */
export function entriesIn(value: Json): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
}

/** One group for every value where the template names a list, such as `team-{teams}`. */
function groupsOf(template: string, lookup: Lookup): string[] {
  const parts = parseTemplate(template)
  const names = parts.filter((part) => 'name' in part)
  const [only] = names
  if (only === undefined) return [template]
  if (names.length === 1) return listOf(lookup(only.name)).map((value) => fill(parts, () => value))
  const values = new Map(names.map(({ name }) => [name, valueText(lookup(name))]))
  // A group of which a part is missing is another group.
  return [...values.values()].includes('') ? [] : [fill(parts, (name) => values.get(name) ?? '')]
}

const fill = (parts: readonly TemplatePart[], valueOf: (name: string) => string): string =>
  parts.map((part) => ('text' in part ? part.text : valueOf(part.name))).join('')

/** A list as databases keep them: an array, or the text of a JSON array, of a Postgres array, or with commas. */
function listOf(value: Json | undefined): string[] {
  if (Array.isArray(value)) return value.map((item: Json) => valueText(item).trim()).filter((text) => text !== '')
  const text = valueText(value).trim()
  if (text.startsWith('[')) return jsonList(text)
  if (text.startsWith('{') && text.endsWith('}')) return postgresList(text.slice(1, -1))
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function jsonList(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return []
    return value
      .filter((item) => typeof item === 'string' || typeof item === 'number')
      .map((item) => String(item).trim())
  } catch {
    // The engine's message quotes the value, so that it is no cause.
    throw new AquiferError('RECORD_INVALID', 'The groups of the item are a list that does not parse as JSON.')
  }
}

function postgresList(inner: string): string[] {
  const items = inner.matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/gs)
  return Array.from(items, ([, quoted, bare = '']) =>
    quoted === undefined ? (bare.trim() === 'NULL' ? '' : bare.trim()) : quoted.replace(/\\(.)/gs, '$1').trim(),
  )
}

const distinct = (names: readonly string[]): string[] => [...new Set(names.map((name) => name.trim()).filter(Boolean))]
