const cjk =
  '\\u{3400}-\\u{4dbf}\\u{4e00}-\\u{9fff}\\u{f900}-\\u{faff}\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}'
const invisible = /\ufffd|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu
const ideograph = new RegExp(`[${cjk}]`, 'gu')
const accent = /\p{Mn}/gu
/** Punctuation stands alone, and so do the ASCII symbols that Unicode counts as symbols ($+<=>^`|~). */
const word = /[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+/gu
const asciiInvisible = /(?![\t\n\r])\p{Cc}/gu
const asciiWord = /[a-z0-9]+|[!-/:-@[-`{-~]/g
const ascii = /^\p{ASCII}*$/u

/**
 * The words and marks of a text as BERT's uncased vocabulary spells them: lower case, without accents, control
 * characters or spaces, each ideograph and punctuation mark on its own.
 */
export function splitWords(text: string): readonly string[] {
  if (ascii.test(text)) return text.replace(asciiInvisible, '').toLowerCase().match(asciiWord) ?? []
  const clean = text.replace(invisible, '').replace(ideograph, ' $& ').normalize('NFD').replace(accent, '')
  // Character by character there is no final sigma, and the vocabulary was made that way.
  return clean.replaceAll('Σ', 'σ').toLowerCase().match(word) ?? []
}
