import type { Queryable } from '../../../core/db.ts'
import type { Generation, WantedGeneration } from '../../../core/ledger-generations.ts'
import { tablesOf, type LedgerContext } from '../context.ts'
import { createGraph } from './vector-index.ts'

interface NewGeneration {
  readonly state: Generation['state']
  readonly languages?: Readonly<Record<string, string>>
  /** The next free one if absent. */
  readonly number?: number
}

/** Makes a generation's empty tables. */
export async function createTables(
  tx: Queryable,
  { db, vectorType }: LedgerContext,
  { model, dimensions, chunker, madeWith }: WantedGeneration,
  { state, languages = {}, number }: NewGeneration,
): Promise<Generation> {
  const [last] = await tx.query<{ id: number }>(`select coalesce(max(id), 0) as id from generation`)
  const generation: Generation = { model, dimensions, chunker, id: number ?? (last?.id ?? 0) + 1, state }
  const { chunk, vector, fresh } = tablesOf(generation.id)
  await tx.exec(`
    create table ${chunk} (
      id bigint primary key, ordinal int not null, language text not null, hash text not null,
      header text not null, text text not null
    ) with (fillfactor = 90);
    create table ${vector} (id bigint primary key, v ${vectorType}(${String(dimensions)}) not null);
    create table ${fresh} (like ${vector} including all);`)
  // The embedded store can't stop for the minutes that building a graph afterwards takes, so it grows with the rows.
  if (db.kind === 'embedded') await createGraph(tx, generation.id, vectorType)
  await tx.query(
    `insert into generation (id, state, model, dimensions, chunker, made_with, languages) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      generation.id,
      state,
      model,
      dimensions,
      chunker,
      madeWith === undefined ? null : JSON.stringify(madeWith),
      JSON.stringify(languages),
    ],
  )
  return generation
}

export async function dropTables(tx: Queryable, generation: number): Promise<void> {
  const { chunk, vector, fresh } = tablesOf(generation)
  await tx.exec(`drop table if exists ${chunk}; drop table if exists ${vector}; drop table if exists ${fresh};`)
  await tx.query(`delete from generation where id = $1`, [generation])
  for (const table of ['projection', 'generation_feed']) {
    await tx.query(`delete from ${table} where generation = $1`, [generation])
  }
}
