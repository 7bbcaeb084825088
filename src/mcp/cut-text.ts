export interface TextPart {
  readonly text: string
  /** Where the next part begins; undefined at the end. */
  readonly next: number | undefined
}

/** A part of a text from a character on whose JSON is about so many tokens, ending at a paragraph, line or word. */
export function cutText(text: string, from: number, tokens: number): TextPart {
  const start = startOfCharacter(text, Math.min(from, text.length))
  let end = start
  for (let cost = 0; end < text.length; end++) {
    cost += tokensOf(text.charCodeAt(end))
    if (cost > tokens) break
  }
  if (end >= text.length) return { text: text.slice(start), next: undefined }
  const limit = Math.max(start + 1, end)
  const next = startOfCharacter(text, breakBefore(text, start, limit) ?? limit)
  return next > start
    ? { text: text.slice(start, next), next }
    : { text: text.slice(start, start + 2), next: start + 2 }
}

/** The estimate of `estimateTokens`, for a character as JSON writes it. */
function tokensOf(code: number): number {
  if (code > 0x7f) return 1
  return code === 0x22 || code === 0x5c || code < 0x20 ? 0.5 : 0.25
}

function breakBefore(text: string, start: number, end: number): number | undefined {
  const window = text.slice(start + Math.floor((end - start) * 0.8), end)
  for (const mark of ['\n\n', '\n', ' ']) {
    const at = window.lastIndexOf(mark)
    if (at >= 0) return end - window.length + at + mark.length
  }
  return undefined
}

/** Never between the two halves of a surrogate pair. */
function startOfCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff && at > 0 ? at - 1 : at
}
