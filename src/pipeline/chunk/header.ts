import type { CountTokens } from '../../core/tokens.ts'
import { type Section, trailOf } from './section.ts'

const between = ' › '

export interface Header {
  readonly text: string
  readonly tokens: number
}

/** Headers of one document's chunks: its title and the headings above, counted once a section. */
export function headersOf(title: string, countTokens: CountTokens, maxTokens: number): (section: Section) => Header {
  const known = new Map<Section, Header>()
  const top = shorten(title.trim(), countTokens, maxTokens)
  return (section) => {
    const found = known.get(section)
    if (found !== undefined) return found
    const trail = trailOf(section)
    if (trail[0] !== undefined && sameWords(trail[0], title)) trail.shift()
    const text = joined(top, trail, countTokens, maxTokens)
    const header = { text, tokens: countTokens(text) }
    known.set(section, header)
    return header
  }
}

/** Drops outer headings first: title and innermost heading say most. */
function joined(title: string, trail: readonly string[], countTokens: CountTokens, maxTokens: number): string {
  const parts = title === '' ? [] : [title]
  for (let from = 0; from < trail.length; from++) {
    const text = [...parts, ...trail.slice(from)].join(between)
    if (countTokens(text) <= maxTokens) return text
  }
  const last = trail.at(-1)
  if (last === undefined) return title
  const half = Math.floor((maxTokens - 2) / 2)
  const short = [shorten(title, countTokens, half), shorten(last, countTokens, half)].filter((part) => part !== '')
  return shorten(short.join(between), countTokens, maxTokens)
}

/** The longest run of whole words from the start that fits; of one endless word, as many characters. */
export function shorten(text: string, countTokens: CountTokens, maxTokens: number): string {
  const short = text.slice(0, maxTokens * 12)
  if (short === text && countTokens(text) <= maxTokens) return text
  const ends = [...short.matchAll(/\S(?=\s|$)/g)].map((match) => match.index + 1)
  const fits = (end: number): boolean => countTokens(short.slice(0, end)) <= maxTokens
  const words = lastThat(fits, ends)
  if (words !== undefined) return short.slice(0, words)
  return short.slice(0, Math.max(1, maxTokens >> 2))
}

/** The last of ascending values that passes, when all before it pass. */
function lastThat(passes: (value: number) => boolean, values: readonly number[]): number | undefined {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (passes(values[middle] ?? 0)) low = middle + 1
    else high = middle
  }
  return values[low - 1]
}

const wordsOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

const sameWords = (a: string, b: string): boolean => wordsOf(a) === wordsOf(b)
