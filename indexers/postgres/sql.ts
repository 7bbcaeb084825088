/** A name as SQL text. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The column `name` of what is read, which every statement calls `q` unless it says otherwise. */
export function column(name: string, of = 'q'): string {
  return `${of}.${quoteName(name)}`
}

/** An array as a statement's parameter. The items are numbers and plain words, so nothing needs quoting. */
export function arrayValue(items: readonly string[]): string {
  return `{${items.join(',')}}`
}

/** SQL of a row's key: one column's text, or a JSON array of texts, byte for byte as JSON.stringify writes it. */
export function keySql(columns: readonly string[], of = 'q'): string {
  const [first, ...more] = columns
  if (first !== undefined && more.length === 0) return `${column(first, of)}::text`
  return `'[' || ${columns.map((name) => `to_json(${column(name, of)}::text)::text`).join(` || ',' || `)} || ']'`
}

/** SQL that compares texts as their UTF-8 bytes do, whatever encoding the database keeps them in. */
export function bytesSql(text: string, encoding: string): string {
  return encoding === 'UTF8' || encoding === 'SQL_ASCII' ? `(${text}) collate "C"` : `convert_to(${text}, 'UTF8')`
}

/**
 * SQL of a digest over the whole row as Postgres prints it: unambiguous, with NULL apart from ''. It is computed there so
 * that comparing a table costs the network 64 characters a row, not the row.
 */
export const rowHashSql = `encode(sha256(convert_to((q.*)::text, 'UTF8')), 'hex')`
