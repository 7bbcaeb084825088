/** The sentence of a passage that shares most words with the question, and what follows it in its paragraph. */
export function excerpt(passage: string, question: string, maxLength: number): string {
  const asked = new Set(stemsOf(question))
  const [best] = blocksOf(passage)
    .flatMap((block) => block.map((sentence, at) => ({ sentence, rest: block.slice(at), at })))
    .map((place) => ({ ...place, score: new Set(stemsOf(place.sentence).filter((stem) => asked.has(stem))).size }))
    .toSorted((a, b) => b.score - a.score)
  if (best === undefined) return ''
  const text = `${best.at === 0 ? '' : '… '}${best.rest.join(' ')}`
  return text.length <= maxLength ? text : `${text.slice(0, text.lastIndexOf(' ', maxLength - 2))} …`
}

/** Paragraphs and list items as sentences, without Markdown's marks, code blocks and the marks around untrusted text. */
function blocksOf(passage: string): string[][] {
  return passage
    .replace(/^<untrusted[^>]*>\n|\n<\/untrusted>$/g, '')
    .replace(/^```[^]*?^```$/gm, '')
    .split(/\n{2,}|\n(?=(?:[-*]|\d+\.) )/)
    .map((block) =>
      block
        .replace(/[`*]|^(?:#+|>|-|\d+\.) /gm, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((block) => block !== '')
    .map((block) => block.split(/(?<=[.!?]) (?=[A-Z])/))
}

/** Long words by their beginning, so that "limits" and "limited" are one. */
function stemsOf(text: string): string[] {
  return (text.toLowerCase().match(/[a-z]{4,}/g) ?? []).map((word) => word.slice(0, 5))
}
