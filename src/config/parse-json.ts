import { invalid, type ConfigDocument, type Path } from './problem.ts'

/** Reads JSON fast, also of many megabytes; places are looked up only for what is asked for. CONFIG_INVALID. */
export function parseJson(text: string, file: string): ConfigDocument {
  const lines = createLines(text)
  const at = (offset: number): string => `${file}:${lines(offset)}`
  const children = new Map<number, ReadonlyMap<string, number>>()
  const childrenAt = (offset: number): ReadonlyMap<string, number> => {
    const known = children.get(offset) ?? findChildren(text, offset)
    children.set(offset, known)
    return known
  }
  return {
    value: parse(text, file, at),
    place: (path) => at(find(path, skipSpace(text, 0), childrenAt)),
  }
}

function parse(text: string, file: string, at: (offset: number) => string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : ''
    // Of a short text it is not said.
    const position = / position (\d+)/.exec(said)?.[1] ?? (said.includes('end of JSON') ? text.length : undefined)
    throw invalid([`${position === undefined ? file : at(Number(position))}: not valid JSON`], cause)
  }
}

/** Start of the value, or of the deepest on the way to it that is there. */
function find(path: Path, from: number, childrenAt: (offset: number) => ReadonlyMap<string, number>): number {
  let offset = from
  for (const part of path) {
    const next = childrenAt(offset).get(String(part))
    if (next === undefined) return offset
    offset = next
  }
  return offset
}

/** Where the values of the map or list start that begins at `offset`, by key or position. The text is valid JSON. */
function findChildren(text: string, offset: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const open = text[offset]
  if (open !== '{' && open !== '[') return found
  let at = skipSpace(text, offset + 1)
  for (let index = 0; at < text.length && text[at] !== '}' && text[at] !== ']'; index += 1) {
    let key = String(index)
    if (open === '{') {
      const end = skipString(text, at)
      key = String(JSON.parse(text.slice(at, end)))
      at = skipSpace(text, skipSpace(text, end) + 1)
    }
    found.set(key, at)
    at = skipSpace(text, skipValue(text, at))
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return found
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at += 1
  return at
}

function skipString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function skipValue(text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    const sign = text[at]
    if (sign === '"') {
      at = skipString(text, at)
      continue
    }
    if (sign === '{' || sign === '[') depth += 1
    else if (sign === '}' || sign === ']') depth -= 1
    else if (depth === 0) return skipScalar(text, at)
    at += 1
  } while (depth > 0 && at < text.length)
  return at
}

function skipScalar(text: string, from: number): number {
  let at = from
  while (at < text.length && !',]} \t\r\n'.includes(text[at] ?? '')) at += 1
  return at
}

/** `12:5` of an offset. */
function createLines(text: string): (offset: number) => string {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= startsOf(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return `${String(low + 1)}:${String(offset - (starts[low] ?? 0) + 1)}`
  }
}

function startsOf(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
