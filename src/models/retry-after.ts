/** Milliseconds that an answer asks to wait (`retry-after-ms`, or `retry-after` in seconds or as an HTTP date). */
export function parseRetryAfter(headers: Headers | undefined, now: number): number | undefined {
  const ms = parseNumber(headers?.get('retry-after-ms'))
  if (ms !== undefined) return ms
  const text = headers?.get('retry-after')
  const seconds = parseNumber(text)
  if (seconds !== undefined) return seconds * 1000
  const date = Date.parse(text ?? '')
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function parseNumber(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}
