/** Counts tokens of a text, for chunking and budgets; an estimate where the model's own tokenizer is not to be had. */
export type CountTokens = (text: string) => number

/** English prose holds about four characters a token; other scripts more tokens, so non-ASCII counts one each. */
export const estimateTokens: CountTokens = (text) => {
  let other = 0
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) other++
  return Math.ceil((text.length - other) / 4 + other)
}
