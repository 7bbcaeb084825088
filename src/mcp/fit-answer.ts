import { estimateTokens } from '../core/tokens.ts'

/** Below the 50,000 characters at which clients cut a result themselves. */
const maxCharacters = 48_000

const noticeTokens = 30

interface Answer<Hit> {
  readonly query: string
  readonly hits: Hit[]
  readonly as_of: string | null
  readonly sources: { readonly source: string }[]
  readonly notices: string[]
  readonly next_cursor?: string | undefined
}

/**
 * Asks for an answer whose JSON stays within the budget (estimated tokens) and the cap. One that is too long is asked
 * again with fewer hits, so that its cursor goes on right after the last hit shown. The first hit is always kept.
 */
export async function fitAnswer<Hit>(
  tokens: number,
  limit: number,
  ask: (limit: number) => Promise<Answer<Hit>>,
): Promise<Answer<Hit>> {
  let answer = await ask(limit)
  for (let round = 0; round < 3; round++) {
    const fitting = countFitting(answer, tokens)
    if (fitting === answer.hits.length) return answer
    answer = await ask(fitting)
  }
  return withoutRest(answer, countFitting(answer, tokens - noticeTokens))
}

function countFitting(answer: Answer<unknown>, tokens: number): number {
  const rest = JSON.stringify({ ...answer, hits: [] })
  let tokensLeft = tokens - estimateTokens(rest)
  let charactersLeft = maxCharacters - rest.length
  const end = answer.hits.findIndex((hit, index) => {
    const json = JSON.stringify(hit)
    tokensLeft -= estimateTokens(json)
    charactersLeft -= json.length + 1
    return index > 0 && (tokensLeft < 0 || charactersLeft < 0)
  })
  return end === -1 ? answer.hits.length : end
}

/** Only where the hits changed between the rounds: then no cursor would be right. */
function withoutRest<Hit>(answer: Answer<Hit>, kept: number): Answer<Hit> {
  if (kept === answer.hits.length) return answer
  const notice = `${answer.hits.length - kept} more hits did not fit; ask again with a smaller limit.`
  const { next_cursor: _, ...rest } = answer
  return { ...rest, hits: answer.hits.slice(0, kept), notices: [...answer.notices, notice] }
}
