import { estimateTokens } from '../core/tokens.ts'
import type { FoundHit } from './collect-hits.ts'
import type { SearchPlan } from './plan-search.ts'
import type { SearchContext } from './search-context.ts'

export interface PackedHit {
  readonly hit: FoundHit
  readonly text: string
}

/** As many hits as the token budget holds, at least one; what is left of it goes to the passages around the best ones. */
export async function packHits(
  { ledger }: SearchContext,
  { tokenBudget, neighbours }: SearchPlan,
  hits: readonly FoundHit[],
): Promise<readonly PackedHit[]> {
  let left = tokenBudget
  const packed: { hit: FoundHit; text: string }[] = []
  for (const hit of hits) {
    const tokens = estimateTokens(hit.text) + estimateTokens(hit.title)
    if (packed.length > 0 && tokens > left) break
    left -= tokens
    packed.push({ hit, text: hit.text })
  }
  const among = packed.filter(({ hit }) => !hit.alone)
  if (neighbours === 0 || left <= 0 || among.length === 0) return packed
  const around = await ledger.neighbours({
    ranges: among.map(({ hit }) => ({
      recordId: hit.recordId,
      from: hit.ordinal - neighbours,
      to: hit.ordinal + neighbours,
    })),
  })
  const byRecord = Map.groupBy(around, ({ recordId }) => recordId)
  for (const entry of among) {
    const passages = byRecord.get(entry.hit.recordId) ?? []
    // The passage found stays as it was authorised; only its neighbours are added.
    const texts = passages.map(({ ordinal, text }) => (ordinal === entry.hit.ordinal ? entry.hit.text : text))
    const more = texts.reduce((sum, text) => sum + estimateTokens(text), 0) - estimateTokens(entry.hit.text)
    if (passages.length < 2 || more > left) continue
    left -= more
    entry.text = texts.join('\n\n')
  }
  return packed
}
