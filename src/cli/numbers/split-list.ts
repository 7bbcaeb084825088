/** `a,TimeDimension('b', 'day')` as its two parts: commas in brackets and quotes part nothing. */
export function splitList(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  let depth = 0
  let quote = ''
  for (const letter of text) {
    if (letter === ',' && depth === 0 && quote === '') {
      parts.push(part)
      part = ''
      continue
    }
    part += letter
    if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === "'" || letter === '"') quote = letter
    else if (letter === '(') depth += 1
    else if (letter === ')') depth -= 1
  }
  return [...parts, part].map((one) => one.trim()).filter((one) => one !== '')
}
