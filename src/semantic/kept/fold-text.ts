import type { DialectName } from '../engine.ts'

/**
 * A key that texts share whenever any collation of this database could take them for equal: without case, marks, spaces,
 * punctuation and leading zeros. undefined for letters whose likes are not known here.
 */
function foldText(text: string, dialect: DialectName): string | undefined {
  const letters = text
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll(/\d+/g, (digits) => digits.replace(/^0+(?=\d)/, ''))
  // These know no other equality than the one of characters, their case and their marks.
  const known = dialect === 'duckdb' || dialect === 'clickhouse' || isAscii(letters)
  return known ? letters.toUpperCase().toLowerCase() : undefined
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 127) return false
  return true
}

/** The texts by their keys; undefined where two of them could be equal to the database. */
export function foldTexts(texts: Iterable<string>, dialect: DialectName): ReadonlyMap<string, string> | undefined {
  const folded = new Map<string, string>()
  for (const text of new Set(texts)) {
    const key = foldText(text, dialect)
    if (key === undefined || folded.has(key)) return undefined
    folded.set(key, text)
  }
  return folded
}
