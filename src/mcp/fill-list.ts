/** As many of the first items as fit into so many tokens as JSON, and at least one. */
export function fillList<T>(items: readonly T[], tokens: number): T[] {
  let room = tokens
  const end = items.findIndex((item) => (room -= tokensOf(JSON.stringify(item))) < 0)
  return items.slice(0, end === -1 ? items.length : Math.max(1, end))
}

/** The estimate of `estimateTokens` with its fraction, which adds up over many short items, and a comma. */
function tokensOf(json: string): number {
  const wide = json.match(/[^\0-\x7f]/g)?.length ?? 0
  return (json.length - wide + 1) / 4 + wide
}
