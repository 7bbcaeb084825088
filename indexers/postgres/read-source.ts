import type { Change, Json } from '../../schemas/record.ts'
import type { Cursor } from './cursor.ts'
import { beginRound } from './round.ts'
import type { Reader, Round } from './round.ts'
import { toChange } from './row-changes.ts'

/** Reads a source until it has caught up, and answers where to go on. */
export async function* readSource(reader: Reader, saved: Json | undefined): AsyncGenerator<Change, Json> {
  let round = await beginRound(reader, saved)
  yield* readRound(reader, round)
  if (round.isPass && round.isSpread && round.canCatchUp) {
    round = await beginRound(reader, round.end, true)
    yield* readRound(reader, round)
  }
  return round.end
}

async function* readRound({ name, digest }: Reader, round: Round): AsyncGenerator<Change> {
  const { relation, parsers, position, end } = round
  const context = { source: name, position, relation, parsers, digest }
  for await (const { items, after } of round.batches()) {
    for (const item of items) yield toChange(item, context)
    // Where nothing can be caught up with, a pass that was killed has to begin anew, so it saves no place.
    if (round.isPass && round.canCatchUp) {
      yield { ...checkpoint(name, position, { ...end, pass: { after } }), partial: true }
    }
  }
  yield checkpoint(name, position, end)
}

function checkpoint(source: string, position: string, cursor: Cursor): Extract<Change, { kind: 'checkpoint' }> {
  return { kind: 'checkpoint', source, position, cursor, asOf: cursor.asOf }
}
