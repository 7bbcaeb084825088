/** Offset of the first character that makes a text no JSON; its length when it ends too early. Never recursive. */
export function jsonFault(text: string): number {
  const open: ('{' | '[')[] = []
  // What may come next: a value, a key, a key or the end, a value or the end, what follows a value.
  let expected: 'value' | 'key' | 'first key' | 'first value' | 'next' = 'value'
  const space = /[ \t\n\r]*/y
  for (let at = 0; ;) {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
    if (at >= text.length) return at
    const char = text.charAt(at)
    const closes = char === '}' ? '{' : char === ']' ? '[' : undefined
    if (closes !== undefined) {
      const mayClose = expected === 'next' || expected === (closes === '{' ? 'first key' : 'first value')
      if (!mayClose || open.pop() !== closes) return at
      expected = 'next'
      at++
    } else if (expected === 'next') {
      if (char !== ',' || open.length === 0) return at
      expected = open.at(-1) === '{' ? 'key' : 'value'
      at++
    } else if (expected === 'key' || expected === 'first key') {
      const end = stringEnd(text, at)
      space.lastIndex = Math.max(end, 0)
      space.test(text)
      if (end < 0) return -end - 1
      if (text[space.lastIndex] !== ':') return space.lastIndex
      at = space.lastIndex + 1
      expected = 'value'
    } else if (char === '{' || char === '[') {
      open.push(char)
      expected = char === '{' ? 'first key' : 'first value'
      at++
    } else {
      const end = char === '"' ? stringEnd(text, at) : scalarEnd(text, at)
      if (end < 0) return -end - 1
      at = end
      expected = 'next'
    }
  }
}

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

function scalarEnd(text: string, at: number): number {
  scalar.lastIndex = at
  return scalar.test(text) ? scalar.lastIndex : -at - 1
}

/** Offset after the string that starts here; where it is none, minus one minus the offset of the fault. */
function stringEnd(text: string, at: number): number {
  if (text[at] !== '"') return -at - 1
  const plain = /[^"\\\u0000-\u001f]*/y // oxlint-disable-line no-control-regex -- JSON forbids them in strings
  const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
  for (let i = at + 1; ;) {
    plain.lastIndex = i
    plain.test(text)
    i = plain.lastIndex
    if (text[i] === '"') return i + 1
    escape.lastIndex = i
    if (!escape.test(text)) return -i - 1
    i = escape.lastIndex
  }
}
