import type { EditionView } from '../core/ledger-editions.ts'
import type { GenerationView } from '../core/ledger-generations.ts'
import { megabytes, table } from './table.ts'

export function generationToJson(generation: GenerationView): object {
  const { id, state, model, dimensions, chunker, chunks, chunkBytes, vectorBytes, begunAt, switchedAt } = generation
  return {
    id,
    state,
    model,
    dimensions,
    chunker,
    passages: chunks,
    bytes: chunkBytes + vectorBytes,
    begun_at: begunAt,
    switched_at: switchedAt ?? null,
  }
}

const states = { active: 'answers', building: 'half built', kept: 'kept' }

export function generationsToText(generations: readonly GenerationView[]): string {
  if (generations.length === 0) return 'Nothing has been indexed yet.'
  const rows = generations.map((one) => [
    String(one.id),
    states[one.state],
    one.switchedAt ?? one.begunAt,
    one.chunks.toLocaleString('en-US'),
    megabytes(one.chunkBytes + one.vectorBytes),
    one.model,
    one.chunker,
  ])
  return table(['id', 'state', 'since', 'passages', 'in the ledger', 'model', 'chunker'], rows)
}

export function editionToJson({ source, state, records, chunks, begunAt, switchedAt }: EditionView): object {
  return { source, state, records, passages: chunks, begun_at: begunAt, switched_at: switchedAt ?? null }
}

export const editionStates = { building: 'half read', kept: 'kept' }

/** Mappings beside those that answer; nothing where there are none. */
export function editionsToText(editions: readonly EditionView[]): readonly string[] {
  if (editions.length === 0) return []
  const rows = editions.map(({ source, state, records, chunks, begunAt, switchedAt }) => [
    source,
    editionStates[state],
    switchedAt ?? begunAt,
    records.toLocaleString('en-US'),
    chunks.toLocaleString('en-US'),
  ])
  return [table(['mapping of', 'state', 'since', 'records', 'passages'], rows)]
}

/** What people must hear after a switch where the model of what answers now refused texts. */
export function unembeddedLines(unembedded: number): readonly string[] {
  if (unembedded === 0) return []
  const records = `${unembedded.toLocaleString('en-US')} ${unembedded === 1 ? 'record has' : 'records have'}`
  return [
    `${records} no vector, since its model refused their text: found by their words only, and set aside in \`aquifer dead-letters\`.`,
  ]
}
