import { estimateTokens } from '../core/tokens.ts'

/** The beginning of a text that is estimated to hold at most `maxTokens`; characters stay whole. */
export function cutText(text: string, maxTokens: number): string {
  // No text holds more tokens than this counts, so most need no look at their characters.
  if (text.length <= maxTokens || estimateTokens(text) <= maxTokens) return text
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (estimateTokens(text.slice(0, middle)) <= maxTokens) low = middle
    else high = middle - 1
  }
  return text.slice(0, low).replace(/[\ud800-\udbff]$/, '')
}
