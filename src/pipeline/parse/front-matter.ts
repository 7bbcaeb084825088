import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import type { Json } from '../../../schemas/record.ts'
import { cleanText } from './clean-text.ts'

const longest = 65_536
const yamlFence = /^---[ \t]*\n(?:([\s\S]*?)\n)?(?:---|\.\.\.)[ \t]*(?:\n|$)/
const tomlFence = /^\+\+\+[ \t]*\n(?:([\s\S]*?)\n)?\+\+\+[ \t]*(?:\n|$)/

/** Splits a text into what it says about itself and the rest. Front matter that can't be read stays in the text. */
export function splitFrontMatter(text: string): { frontMatter: Readonly<Record<string, Json>>; body: string } {
  const whole = { frontMatter: {}, body: text }
  const head = text.slice(0, longest)
  const yaml = yamlFence.exec(head)
  const found = yaml ?? tomlFence.exec(head)
  if (found === null) return whole
  try {
    const value: unknown =
      yaml === null ? parseToml(found[1] ?? '') : parseYaml(found[1] ?? '', { uniqueKeys: false, logLevel: 'error' })
    // A rule at the top of a text and another one below it look like front matter, but hold prose.
    if (value !== null && value !== undefined && !isRecord(value)) return whole
    const json = toJson(value ?? {})
    return { frontMatter: isJsonRecord(json) ? json : {}, body: text.slice(found[0].length) }
  } catch {
    return whole
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isJsonRecord = (value: Json): value is Readonly<Record<string, Json>> => isRecord(value)

const deepest = 20

/** Any parsed value as JSON: dates and odd numbers as text, what has no JSON form as null. */
export function toJson(value: unknown, depth = 0): Json {
  if (depth > deepest) return null
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => toJson(item, depth + 1))
  if (!isRecord(value)) return null
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), toJson(item, depth + 1)]))
}

/** The first of these that is text (or a number), cleaned. */
export function textOf(frontMatter: Readonly<Record<string, Json>>, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = frontMatter[name]
    if (typeof value === 'number') return String(value)
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return undefined
}

/** The address a document names as its own. */
export function urlOf(frontMatter: Readonly<Record<string, Json>>): string | undefined {
  const url = textOf(frontMatter, 'canonical_url', 'canonical', 'url')
  return url !== undefined && isWebUrl(url) ? url : undefined
}

export const isWebUrl = (url: string): boolean => /^https?:\/\/[^\s<>"]+$/i.test(url) && URL.canParse(url)
