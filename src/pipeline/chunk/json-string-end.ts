/** Offset after the string of valid JSON whose opening quote is at this one. */
export function jsonStringEnd(text: string, open: number): number {
  let at = open + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
