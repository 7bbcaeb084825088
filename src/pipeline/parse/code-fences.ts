import { readLines } from '../chunk/line-reader.ts'

export interface Part {
  readonly isCode: boolean
  readonly text: string
}

const fence = /^[ \t]*(`{3,}|~{3,})/

/** A text of Markdown as fenced code blocks and what stands between them. */
export function splitFences(text: string): Part[] {
  const lines = readLines(text)
  const parts: Part[] = []
  let start = 0
  let marker: string | undefined
  for (let at = 0; at < text.length;) {
    const next = lines.next(at)
    const found = fence.exec(text.slice(at, Math.min(next, at + 200)))?.[1]
    if (marker === undefined && found !== undefined) {
      parts.push({ isCode: false, text: text.slice(start, at) })
      start = at
      marker = found
    } else if (marker !== undefined && found?.startsWith(marker) === true && lines.line(at).trim() === found) {
      parts.push({ isCode: true, text: text.slice(start, next) })
      start = next
      marker = undefined
    }
    at = next
  }
  parts.push({ isCode: marker !== undefined, text: text.slice(start) })
  return parts.filter((part) => part.text !== '')
}
