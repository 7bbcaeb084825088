import type { Ledger } from '../../src/core/ledger.ts'
import type { ScoredChunk } from '../../src/core/ledger-search.ts'

/** What the text of each of these chunks scores when it is read and scored by itself. */
export async function scoresOf(ledger: Ledger, text: string, found: readonly ScoredChunk[]): Promise<number[]> {
  const chunks = found.map(({ chunk }) => chunk)
  const scored = await ledger.lexicalScores({ text, chunks, languages: ['english'] })
  const scores = new Map(scored.map(({ chunk, score }) => [chunk, score]))
  return chunks.map((chunk) => scores.get(chunk) ?? 0)
}

/** The vector leg by itself. */
export async function nearest(
  ledger: Ledger,
  args: Omit<Parameters<Ledger['vectorLeg']>[0], 'also'>,
): Promise<readonly ScoredChunk[]> {
  const { found } = await ledger.vectorLeg({ ...args, also: [] })
  return found
}
