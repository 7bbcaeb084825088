import { chunkAddress, slotOfChunk } from '../../../core/chunk-address.ts'
import type { Queryable } from '../../../core/db.ts'
import type { ChunkWrite } from '../../../core/ledger-sync.ts'
import { ofRecord, tablesOf, type LedgerContext } from '../context.ts'
import { CopyEncoder } from '../copy-binary.ts'
import { digestOfVector, vectorDigest } from './content-digest.ts'
import { hasGraph } from './vector-index.ts'

interface ChunkRow {
  id: number
  hash: string
  ordinal: number
  language: string
  embedded: boolean
}

interface RecordChunks {
  readonly recordId: number
  /** The ledger has never held chunks of it. */
  readonly fresh: boolean
  readonly chunks: readonly ChunkWrite[]
}

interface Placed {
  readonly id: number
  readonly ordinal: number
  readonly chunk: ChunkWrite
}

// Vectors are always deleted from `fresh` first: a merge moves them from there to `vector`, and whoever waits for it to end
// has to look for them there afterwards.

/** Only chunks whose text is new are written; those that stay keep slot, words and vector. Returns how many more there are. */
export async function writeChunks(
  tx: Queryable,
  context: LedgerContext,
  generation: number,
  language: string,
  records: readonly RecordChunks[],
): Promise<number> {
  const { chunk: table, vector, fresh } = tablesOf(generation)
  const before = await existing(
    tx,
    generation,
    records.filter(({ fresh }) => !fresh).map(({ recordId }) => recordId),
  )
  const plans = records.map((record) => plan(record, before.get(record.recordId) ?? [], language))
  const dropped = plans.flatMap(({ drop }) => drop)
  const moved = plans.flatMap(({ move }) => move)
  const placed = plans.flatMap(({ add }) => add)
  if (dropped.length > 0) {
    await tx.query(`delete from ${table} where id = any($1::bigint[])`, [dropped])
    for (const table of [fresh, vector]) await tx.query(`delete from ${table} where id = any($1::bigint[])`, [dropped])
  }
  if (moved.length > 0) {
    await tx.query(
      `update ${table} c set ordinal = x.ordinal from unnest($1::bigint[], $2::int[]) as x(id, ordinal) where c.id = x.id`,
      [moved.map(({ id }) => id), moved.map(({ ordinal }) => ordinal)],
    )
  }
  await copyChunks(tx, generation, language, placed)
  const stale = await dropOtherVectors(
    tx,
    generation,
    plans.flatMap(({ check }) => check),
  )
  await copyVectors(tx, context, generation, [...placed, ...plans.flatMap(({ embed }) => embed), ...stale])
  await raiseSlots(
    tx,
    plans.filter(({ fresh }) => !fresh),
  )
  return placed.length - dropped.length
}

/** Removes every chunk of these records; returns how many there were. */
export async function dropRecords(tx: Queryable, generation: number, recordIds: readonly number[]): Promise<number> {
  if (recordIds.length === 0) return 0
  const { chunk, vector, fresh } = tablesOf(generation)
  let dropped = 0
  for (const table of [fresh, vector, chunk]) {
    const rows = await tx.query(
      `delete from ${table} where id = any(array(
         select t.id from unnest($1::bigint[]) as r(id) cross join lateral ${ofRecord(table)} t)) returning id`,
      [recordIds],
    )
    dropped = rows.length
  }
  return dropped
}

async function copyChunks(
  tx: Queryable,
  generation: number,
  language: string,
  placed: readonly Placed[],
): Promise<void> {
  if (placed.length === 0) return
  const encoder = new CopyEncoder()
  for (const { id, ordinal, chunk } of placed) {
    encoder.row([
      { int8: id },
      { int4: ordinal },
      { text: language },
      { text: chunk.hash },
      { text: chunk.header },
      { text: chunk.text },
    ])
  }
  await tx.copyIn(`${tablesOf(generation).chunk} (id, ordinal, language, hash, header, text)`, encoder.end())
}

async function copyVectors(
  tx: Queryable,
  context: LedgerContext,
  generation: number,
  placed: readonly Placed[],
): Promise<void> {
  const encoder = new CopyEncoder()
  let count = 0
  for (const { id, chunk } of placed) {
    if (chunk.vector === undefined) continue
    count++
    encoder.row([{ int8: id }, context.vectorType === 'halfvec' ? { halfvec: chunk.vector } : { vector: chunk.vector }])
  }
  if (count === 0) return
  const { vector, fresh } = tablesOf(generation)
  await tx.copyIn(`${(await hasGraph(tx, generation)) ? fresh : vector} (id, v)`, encoder.end())
}

/** Of chunks that stay, removes the vectors that are not those to be written, and returns the chunks. */
async function dropOtherVectors(
  tx: Queryable,
  generation: number,
  kept: readonly Placed[],
): Promise<readonly Placed[]> {
  if (kept.length === 0) return []
  const { vector, fresh } = tablesOf(generation)
  const values = [kept.map(({ id }) => id), kept.map(({ chunk }) => digestOfVector(chunk.vector ?? new Float32Array()))]
  const stale = new Set<number>()
  for (const table of [fresh, vector]) {
    const rows = await tx.query<{ id: number }>(
      `delete from ${table} t using unnest($1::bigint[], $2::text[]) as x(id, digest)
       where t.id = x.id and ${vectorDigest('t.v')} <> x.digest returning t.id`,
      values,
    )
    for (const { id } of rows) stale.add(id)
  }
  return kept.filter(({ id }) => stale.has(id))
}

async function existing(
  tx: Queryable,
  generation: number,
  recordIds: readonly number[],
): Promise<Map<number, ChunkRow[]>> {
  const found = new Map<number, ChunkRow[]>()
  if (recordIds.length === 0) return found
  const { chunk, vectors } = tablesOf(generation)
  // Counted, since `exists` may be answered from a hash of the whole table.
  const rows = await tx.query<ChunkRow & { record: number }>(
    `select r.id as record, c.id, c.hash, c.ordinal, c.language, 
       (select count(*) from ${vectors} v where v.id = c.id) > 0 as embedded
     from unnest($1::bigint[]) as r(id) cross join lateral ${ofRecord(chunk)} c`,
    [recordIds],
  )
  for (const row of rows) {
    const list = found.get(row.record)
    if (list === undefined) found.set(row.record, [row])
    else list.push(row)
  }
  return found
}

interface Plan {
  readonly recordId: number
  readonly fresh: boolean
  readonly slots: number
  readonly drop: readonly number[]
  readonly move: readonly { readonly id: number; readonly ordinal: number }[]
  readonly embed: readonly Placed[]
  /** Whose vector may be another one though the text is the same. */
  readonly check: readonly Placed[]
  readonly add: readonly Placed[]
}

function plan({ recordId, fresh, chunks }: RecordChunks, before: readonly ChunkRow[], language: string): Plan {
  const byHash = new Map<string, ChunkRow[]>()
  for (const row of before.filter((row) => row.language === language)) {
    byHash.set(row.hash, [...(byHash.get(row.hash) ?? []), row])
  }
  const kept = new Set<number>()
  const entries = chunks.map((chunk, ordinal) => {
    const row = byHash.get(chunk.hash)?.shift()
    if (row !== undefined) kept.add(slotOfChunk(row.id))
    return { chunk, ordinal, row }
  })
  let slot = 0
  const nextSlot = (): number => {
    while (kept.has(slot)) slot++
    return slot++
  }
  const add: Placed[] = []
  const embed: Placed[] = []
  const check: Placed[] = []
  const move: { id: number; ordinal: number }[] = []
  for (const { chunk, ordinal, row } of entries) {
    if (row === undefined) add.push({ id: chunkAddress(recordId, nextSlot()), ordinal, chunk })
    else {
      if (row.ordinal !== ordinal) move.push({ id: row.id, ordinal })
      if (!row.embedded) embed.push({ id: row.id, ordinal, chunk })
      else if (chunk.unhashed === true && chunk.vector !== undefined) check.push({ id: row.id, ordinal, chunk })
    }
  }
  const drop = before.filter((row) => !kept.has(slotOfChunk(row.id)) || row.language !== language).map((row) => row.id)
  const slots = Math.max(-1, ...kept, ...add.map(({ id }) => slotOfChunk(id))) + 1
  return { recordId, fresh, slots, drop, move, embed, check, add }
}

/** `slots` only grows: a projection tombstones every slot below it that is not in use. */
async function raiseSlots(tx: Queryable, plans: readonly Plan[]): Promise<void> {
  if (plans.length === 0) return
  await tx.query(
    `update record r set slots = x.slots from unnest($1::bigint[], $2::int[]) as x(id, slots) where r.id = x.id and r.slots < x.slots`,
    [plans.map(({ recordId }) => recordId), plans.map(({ slots }) => slots)],
  )
}
