import type { Json } from '../../schemas/record.ts'

/** Postgres's text of an array, of any dimension, as nested JSON arrays; bounds other than 1 are left out. */
export function parseArray(text: string, delimiter: string, parseItem: (text: string) => Json): Json[] {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0

  function readArray(): Json[] {
    const items: Json[] = []
    at += 1
    while (at < text.length && text[at] !== '}') {
      if (text[at] === delimiter) at += 1
      items.push(readItem())
    }
    at += 1
    return items
  }

  function readItem(): Json {
    if (text[at] === '{') return readArray()
    if (text[at] === '"') return parseItem(readQuoted())
    const start = at
    while (at < text.length && text[at] !== delimiter && text[at] !== '}') at += text[at] === '\\' ? 2 : 1
    const word = text.slice(start, at)
    return word === 'NULL' ? null : parseItem(unescape(word))
  }

  function readQuoted(): string {
    const start = at + 1
    at = start
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    at += 1
    return unescape(text.slice(start, at - 1))
  }

  return readArray()
}

function unescape(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/gs, '$1') : text
}
