const deepest = 40
const widest = 80

/**
 * Valid JSON with one entry a line, by its text alone: numbers keep all their digits and keys their order. What fits on
 * a line stays on it; a value nested deeper than forty levels stays as it is.
 */
export function prettyJson(text: string): string {
  const out: string[] = []
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs
  const short = shortValues(text)
  let depth = 0
  const line = (): void => void out.push('\n', '  '.repeat(depth))
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const char = found[0]
    const end = char === '{' || char === '[' ? short.get(found.index) : undefined
    if (end !== undefined) {
      out.push(text.slice(found.index, end))
      token.lastIndex = end
    } else if (char === '{' || char === '[') {
      if (++depth > deepest) return text
      out.push(char)
      line()
    } else if (char === '}' || char === ']') {
      depth--
      line()
      out.push(char)
    } else {
      out.push(char === ':' ? ': ' : char)
      if (char === ',') line()
    }
  }
  return out.join('')
}

/** Ends of the objects and arrays, by where they start, that are short enough to stay as they are. */
function shortValues(text: string): Map<number, number> {
  const short = new Map<number, number>()
  const open: number[] = []
  for (const { 0: char, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (char === '{' || char === '[') open.push(index)
    else if (char === '}' || char === ']') {
      const start = open.pop()
      if (start !== undefined && index + 1 - start <= widest) short.set(start, index + 1)
    }
  }
  return short
}
