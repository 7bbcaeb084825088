import { cleanText } from '../parse/clean-text.ts'
import { type Lookup, parseTemplate, valueText } from './template.ts'

/**
 * An address with its values percent-encoded; of one that starts with a placeholder, that value is the address itself.
 * Empty when a value is missing or when what comes out is no address of the web.
 */
export function renderUrl(template: string, lookup: Lookup): string {
  const parts = parseTemplate(template.trim())
  let url = ''
  for (const [i, part] of parts.entries()) {
    if ('text' in part) {
      url += part.text
      continue
    }
    const value = cleanText(valueText(lookup(part.name))).trim()
    if (value === '') return ''
    if (i === 0) url += value
    else url += part.name === 'path' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  }
  return isAddress(url) ? url : ''
}

/** Nothing that a click would run: a value may be the whole address. */
function isAddress(url: string): boolean {
  if (/\s/.test(url)) return false
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  return scheme === undefined || !['javascript', 'data', 'vbscript', 'blob', 'file'].includes(scheme)
}
