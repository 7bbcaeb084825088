import type { Json, Row } from '../../../schemas/record.ts'
import { valueText } from './template.ts'

const titleNames = ['title', 'name', 'label', 'subject', 'headline', 'displayname', 'fullname', 'caption']
// By the label, which has spaces between words.
const secret = /pass ?(?:word|wd|phrase|code)|\bpwd\b|secret|\btoken|\bsalt\b|credential|(?:api|private|access) ?key/
const bookkeeping =
  /^(?:id|uuid|guid|oid|rowid|.* (?:id|uuid|guid|fk)|(?:created?|updated?|modified|inserted|deleted|last (?:update|modified)d?)(?: (?:at|on|by|date|time))?)$/
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Long and of one piece: encoded bytes, digests, lists of numbers, search vectors. */
const noWords = /^(?:[\w+/=\\-]{64,}|\[-?[\d.eE, +-]{20,}\]|'[^']+':\d[\s\S]*)$/

/** The title that a table gives a row without being asked, by the usual names of such columns. */
export function titleOfRow(row: Row): string | undefined {
  const plain = new Map(Object.entries(row).map(([column, value]) => [plainName(column), value]))
  for (const name of titleNames) {
    const text = wordsOf(plain.get(name))
    if (text !== '') return text
  }
  const person = [wordsOf(plain.get('firstname')), wordsOf(plain.get('lastname'))]
    .filter((part) => part !== '')
    .join(' ')
  if (person !== '') return person
  const similar = [...plain].find(([name, value]) => /(?:title|name)$/.test(name) && wordsOf(value) !== '')
  return similar === undefined ? undefined : wordsOf(similar[1])
}

/** What a row says, a column a line; without keys, bookkeeping, secrets and what holds no words. */
export function textOfRow(row: Row, skip: readonly string[]): string {
  const lines = linesOf(Object.entries(row).filter(([column]) => !skip.includes(column)))
  return lines
    .map(({ label, text }, i) => {
      // A long text is a paragraph of its own.
      const gap = i === 0 ? '' : isLong(text) || isLong(lines[i - 1]?.text ?? '') ? '\n\n' : '\n'
      return `${gap}${label}: ${text}`
    })
    .join('')
}

function linesOf(
  entries: readonly (readonly [string, Json])[],
): readonly { readonly label: string; readonly text: string }[] {
  return entries
    .map(([column, value]) => ({ label: labelOf(column), text: textOf(value).trim() }))
    .filter(({ label, text }) => text !== '' && !bookkeeping.test(label) && !secret.test(label) && hasWords(text))
}

/** Rows within a row say what they would say alone, in one line: `name: Ann, city: Oslo; name: Bo`. */
function textOf(value: Json): string {
  if (typeof value !== 'object' || value === null) return valueText(value)
  if (!isList(value)) {
    return linesOf(Object.entries(value))
      .map(({ label, text }) => `${label}: ${text}`)
      .join(', ')
  }
  if (value.every((item) => typeof item !== 'object' || item === null)) return valueText(value)
  return value
    .map(textOf)
    .filter((text) => text !== '')
    .join('; ')
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value)

const isLong = (text: string): boolean => text.length > 200 || text.includes('\n')

const hasWords = (text: string): boolean => !uuid.test(text) && !noWords.test(text)

const plainName = (column: string): string => column.toLowerCase().replace(/[^a-z0-9]/g, '')

const labelOf = (column: string): string =>
  column
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_\s]+/g, ' ')
    .trim()
    .toLowerCase()

const wordsOf = (value: Json | undefined): string => (typeof value === 'string' ? value.trim() : '')
