import { jsonStringEnd } from '../chunk/json-string-end.ts'

const deepest = 40
const widest = 80

/**
 * Valid JSON with one entry a line, by its text alone: numbers keep all their digits and keys their order. What fits on
 * a line stays on it; a text nested deeper than forty levels stays as it is.
 */
export function prettyJson(text: string): string {
  const out: string[] = []
  const mark = /["{}[\],:]|\s+/g
  const short = shortValues(text)
  let depth = 0
  let done = 0
  const line = (): void => void out.push('\n', '  '.repeat(depth))
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const [char] = found
    out.push(text.slice(done, found.index))
    const whole = char === '"' ? jsonStringEnd(text, found.index) : short.get(found.index)
    done = whole ?? mark.lastIndex
    mark.lastIndex = done
    if (whole !== undefined) out.push(text.slice(found.index, whole))
    else if (char === '{' || char === '[') {
      if (++depth > deepest) return text
      out.push(char)
      line()
    } else if (char === '}' || char === ']') {
      depth--
      line()
      out.push(char)
    } else if (char === ',') {
      out.push(char)
      line()
    } else if (char === ':') out.push(': ')
  }
  out.push(text.slice(done))
  return out.join('')
}

/** Ends of the objects and arrays, by where they start, that are short enough to stay as they are. */
function shortValues(text: string): Map<number, number> {
  const short = new Map<number, number>()
  const open: number[] = []
  const mark = /["{}[\]]/g
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const [char] = found
    if (char === '"') mark.lastIndex = jsonStringEnd(text, found.index)
    else if (char === '{' || char === '[') open.push(found.index)
    else {
      const start = open.pop()
      if (start !== undefined && found.index + 1 - start <= widest) short.set(start, found.index + 1)
    }
  }
  return short
}
