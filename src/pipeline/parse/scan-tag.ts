/** A tag of HTML or JSX as it stands in a text. */
export interface Tag {
  /** Empty for a fragment. */
  readonly name: string
  readonly isClosing: boolean
  readonly isVoid: boolean
  /** Attributes whose value is plain text. */
  readonly attributes: ReadonlyMap<string, string>
  /** Offset after its `>`. */
  readonly end: number
}

const longestTag = 20_000

/** The tag whose `<` is at this offset; undefined when it is none, with how far was looked. */
export function scanTag(text: string, at: number, isJsx: boolean): { tag: Tag | undefined; looked: number } {
  const opening = /<(\/?)([A-Za-z][\w.:-]*)?/y
  opening.lastIndex = at
  const found = opening.exec(text)
  if (found === null || (found[2] === undefined && (!isJsx || text[opening.lastIndex] !== '>'))) {
    return { tag: undefined, looked: 1 }
  }
  const attributes = new Map<string, string>()
  const last = Math.min(text.length, at + longestTag)
  let i = opening.lastIndex
  while (i < last) {
    const char = text[i]
    if (char === '>') {
      const isVoid = text[i - 1] === '/'
      const tag = { name: found[2] ?? '', isClosing: found[1] === '/', isVoid, attributes, end: i + 1 }
      return { tag, looked: tag.end - at }
    }
    if (char === '<') break
    if (isJsx && char === '{') {
      const end = expressionEnd(text, i, last)
      if (end === undefined) return { tag: undefined, looked: last - at }
      i = end
      continue
    }
    const attribute = attributeAt(text, i)
    if (attribute?.value !== undefined) attributes.set(attribute.name.toLowerCase(), attribute.value)
    i = attribute?.end ?? i + 1
  }
  return { tag: undefined, looked: i - at }
}

function attributeAt(text: string, at: number): { name: string; value: string | undefined; end: number } | undefined {
  const pattern =
    /([A-Za-z_:][\w:.-]{0,100})(?:\s*=\s*(?:"([^"<]{0,4000})"|'([^'<]{0,4000})'|([^\s"'<>{}`]{1,1000})))?/y
  pattern.lastIndex = at
  const found = pattern.exec(text)
  if (found === null) return undefined
  return { name: found[1] ?? '', value: found[2] ?? found[3] ?? found[4], end: pattern.lastIndex }
}

/** Offset after the `}` that closes the `{` at this one; strings and comments may hold any brackets. */
export function expressionEnd(
  text: string,
  at: number,
  last = Math.min(text.length, at + longestTag),
): number | undefined {
  let depth = 0
  for (let i = at; i < last; i++) {
    const char = text[i]
    if (char === '{') depth++
    else if (char === '}') {
      if (--depth === 0) return i + 1
    } else if (char === '"' || char === "'" || char === '`') {
      const close = text.indexOf(char, i + 1)
      // An apostrophe in a text is no quote.
      if (close !== -1 && close < last && (char === '`' || !text.slice(i, close).includes('\n'))) i = close
    } else if (char === '/' && text[i + 1] === '*') {
      const close = text.indexOf('*/', i + 2)
      if (close !== -1 && close < last) i = close + 1
    }
  }
  return undefined
}
