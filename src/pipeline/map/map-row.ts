import type { Json, Row } from '../../../schemas/record.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Mapping } from '../../core/mapping.ts'
import { hint } from '../../core/nearest.ts'
import { cleanText, cleanTitle } from '../parse/clean-text.ts'
import { fieldsOf } from './fields-of.ts'
import type { Mapped } from './mapped.ts'
import { parseVector } from './parse-vector.ts'
import { entriesIn, readersOf } from './readers-of.ts'
import { textOfRow, titleOfRow } from './row-words.ts'
import { renderTemplate } from './template.ts'
import { renderUrl } from './template-url.ts'
import { pathsOf, valueAt } from './value-at.ts'

/**
 * A row of a database as a record. Templates name columns, or what is inside of them (`{language.name}`). SOURCE_INVALID
 * when the mapping names a column that the row does not have; in a sparse row, where that says nothing, it is null.
 */
export function mapRow(row: Row, mapping: Mapping, key: string, isSparse = false): Mapped {
  const lookup = (column: string): Json => {
    const value = valueAt(row, column)
    if (value !== undefined) return value
    if (isSparse) return null
    throw new AquiferError(
      'SOURCE_INVALID',
      `There is no column ${column}${hint(column, column.includes('.') ? pathsOf(row) : Object.keys(row))}`,
    )
  }
  const skip = mapping.vector === undefined ? [] : [mapping.vector]
  const title = mapping.title === undefined ? titleOfRow(row) : renderTemplate(mapping.title, lookup)
  const text = mapping.text === undefined ? textOfRow(row, skip) : renderTemplate(mapping.text, lookup)
  const vector = mapping.vector === undefined ? undefined : parseVector(lookup(mapping.vector), mapping.vector)
  return {
    title: cleanTitle(title ?? '') || cleanTitle(key),
    text: cleanText(text).trim(),
    // Plain text is Markdown too, and columns often hold Markdown.
    mediaType: 'text/markdown',
    url: mapping.url === undefined ? '' : renderUrl(mapping.url, lookup),
    ...fieldsOf(mapping.fields, lookup),
    acl: mapping.readers === undefined ? readersOf(mapping.acl, lookup) : entriesIn(lookup(mapping.readers)),
    ...(vector !== undefined && { vector }),
  }
}
