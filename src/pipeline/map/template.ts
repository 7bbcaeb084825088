import type { Json } from '../../../schemas/record.ts'
import { AquiferError } from '../../core/errors.ts'

/** Text between placeholders, and the names in them. */
export type TemplatePart = { readonly text: string } | { readonly name: string }

const known = new Map<string, readonly TemplatePart[]>()
const mostKnown = 1000

/** Parts of a template such as `{title} ({year})`; `{{` and `}}` are braces. SOURCE_INVALID when a brace is alone. */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const found = known.get(template)
  if (found !== undefined) return found
  const parts: TemplatePart[] = []
  const token = /\{\{|\}\}|\{([^{}]+)\}|[{}]|[^{}]+/g
  for (const [text, name] of template.matchAll(token)) {
    if (name !== undefined && name.trim() !== '') parts.push({ name: name.trim() })
    else if (text === '{{' || text === '}}') parts.push({ text: text.charAt(0) })
    else if (/[{}]/.test(text)) {
      throw new AquiferError(
        'SOURCE_INVALID',
        `The template ${JSON.stringify(template)} has a brace of no pair; write {{ or }} for a brace.`,
      )
    } else parts.push({ text })
  }
  if (known.size < mostKnown) known.set(template, parts)
  return parts
}

/** What a placeholder stands for: undefined and null render as nothing. */
export type Lookup = (name: string) => Json | undefined

export function renderTemplate(template: string, lookup: Lookup): string {
  return parseTemplate(template)
    .map((part) => ('text' in part ? part.text : valueText(lookup(part.name))))
    .join('')
}

/** A value as people read it: lists with commas, objects as JSON. */
export function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'object') {
    const isPlainList = Array.isArray(value) && value.every((item) => item === null || typeof item !== 'object')
    return isPlainList
      ? value
          .map(valueText)
          .filter((text) => text !== '')
          .join(', ')
      : JSON.stringify(value)
  }
  return String(value)
}
