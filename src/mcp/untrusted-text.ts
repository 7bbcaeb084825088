import type { Json } from '../../schemas/record.ts'

const plain = /^[\n\t\x20-\x7e]*$/
const lineEnds = /\r\n?|[\u2028\u2029]/g
const controls = /[^\P{Cc}\n\t]|[\uFFF9-\uFFFB]/gu
/** Scripts whose spelling needs the zero-width joiner and non-joiner. */
const joining =
  '\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}\\p{scx=Khmr}\\p{scx=Mymr}'
const emoji = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}'
/** What a reader cannot see: zero-width, bidi, variation and tag characters, but for one where spelling or emoji need it. */
const invisible = new RegExp(
  `(?:(?<![${joining}${emoji}\uFE0F])[\u200C\u200D]|(?<![${emoji}0-9#*\u2190-\u2BFF])[\uFE0E\uFE0F]|(?![\u200C\u200D\uFE0E\uFE0F])\\p{Default_Ignorable_Code_Point})`,
  'gu',
)
const fenceLike = /[<＜﹤](?=\s*[/／]?\s*untrusted)/gi

/** Text of a source as it may be shown: what a reader cannot see is removed, and no part of it can pass for a fence. */
export function cleanText(text: string): string {
  const visible = plain.test(text)
    ? text
    : text.toWellFormed().replace(lineEnds, '\n').replace(controls, '').replace(invisible, '')
  return visible.replace(fenceLike, '‹')
}

/** The same on one line, cut to a length in characters. */
export function cleanLine(text: string, maxLength = 300): string {
  const line = cleanText(text).replace(/\s+/g, ' ').trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`
}

/** Text of a source between marks that it cannot forge, with where it is from. */
export function fence(text: string, from: { readonly source: string; readonly id: string }): string {
  return `<untrusted source="${attribute(from.source)}" id="${attribute(from.id)}">\n${cleanText(text)}\n</untrusted>`
}

/** Fields of a record as they may be shown: long strings, long lists and what is nested deep are cut, with `…`. */
export function cleanFields(fields: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [cleanLine(name, 100), cleanValue(value, 1)]))
}

function cleanValue(value: Json, depth: number): Json {
  if (typeof value === 'string') return cleanLine(value, 500)
  if (typeof value !== 'object' || value === null) return value
  if (depth > 4) return '…'
  if (isList(value)) return cutList(value, (item) => cleanValue(item, depth + 1), '…')
  const entries = Object.entries(value)
  return Object.fromEntries(
    cutList(entries, ([name, inner]) => [cleanLine(name, 100), cleanValue(inner, depth + 1)], ['…', '…']),
  )
}

function cutList<T, R>(list: readonly T[], clean: (item: T) => R, cut: R): R[] {
  const shown = list.slice(0, 50).map(clean)
  return list.length > 50 ? [...shown, cut] : shown
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value)
}

function attribute(text: string): string {
  return cleanLine(text, 2500).replace(/[&"<>]/g, (mark) => `&#${mark.charCodeAt(0)};`)
}
