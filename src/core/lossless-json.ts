import type { Json } from '../../schemas/record.ts'

type Revive = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown
// TypeScript does not know yet that a reviver is also told the source text of a number.
const parseWithSource = JSON.parse as (text: string, revive: Revive) => Json

/**
 * JSON without loss: a number that JavaScript would round becomes its exact text. undefined for what is no JSON, and for
 * what can't be held as it is: a key twice, a NUL, half a surrogate pair, nested too deep.
 */
export function parseLosslessJson(text: string): Json | undefined {
  let keys = 0
  let holds = true
  try {
    const value = parseWithSource(text, function revive(key, item, { source }) {
      if (!Array.isArray(this)) {
        keys += 1
        holds &&= isStorable(key)
      }
      if (typeof item === 'string') holds &&= isStorable(item)
      return typeof item === 'number' && source !== undefined && !isExact(item, source) ? source : item
    })
    // The reviver also sees the whole document, under an empty key.
    return holds && keys - 1 === countKeys(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** JSON of a column without loss; a document that can't be held as JSON stays text as a whole. */
export function parseJson(text: string): Json {
  const value = parseLosslessJson(text)
  return value === undefined ? text : value
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function isExact(value: number, source: string): boolean {
  return Number.isFinite(value) && !Object.is(value, -0) && normalize(String(value)) === normalize(source)
}

/** Sign, digits without zeros around them, and where the decimal point stands: equal for equal numbers. */
function normalize(decimal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(decimal) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

function countKeys(text: string): number {
  let keys = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/gs)) if (colon !== undefined) keys += 1
  return keys
}
