import type { Queryable } from '../../../core/db.ts'
import { chunkAddress } from '../../../core/chunk-address.ts'
import type { Generation, GenerationSettings, LedgerAdmin, RecordText } from '../../../core/ledger.ts'
import { activeGeneration, requireGeneration, ofRecord, tablesOf, type LedgerContext } from '../context.ts'
import { copyChunks, copyVectors } from './chunk-writes.ts'
import { addUsage, saveEmbeddings } from './embeddings.ts'
import { ensureLexical } from './lexical-index.ts'
import { buildVectorIndex, createGraph } from './vector-index.ts'

type Operations = Pick<
  LedgerAdmin,
  'ensureGeneration' | 'beginGeneration' | 'recordsPage' | 'fillGeneration' | 'fillPosition' | 'switchGeneration'
>

/** Generations: a set of tables each, filled beside the active one and switched to in one transaction. */
export function generations(context: LedgerContext): Operations {
  const { db } = context
  return {
    ensureGeneration: async ({ languages, ...settings }) => {
      const generation =
        (await activeGeneration(db)) ??
        (await db.transaction(async (tx) => {
          await tx.exec('lock table generation in exclusive mode')
          return (await activeGeneration(tx)) ?? (await createTables(tx, context, settings, 'active'))
        }))
      await ensureLexical(context, generation.id, languages)
      return { generation, differs: differs(generation, settings) }
    },
    beginGeneration: (settings) =>
      db.transaction(async (tx) => {
        const [building] = await tx.query<Generation>(
          `select id, state, model, dimensions, chunker from generation where state = 'building' for update`,
        )
        const fresh = await tx.query(`select 1 from generation where state = 'building' and fill_position >= 0`)
        if (building !== undefined && fresh.length > 0 && !differs(building, settings)) return building
        if (building !== undefined) await dropTables(tx, building.id)
        return createTables(tx, context, settings, 'building')
      }),
    recordsPage: ({ after, limit }) =>
      db.query<RecordText>(
        `select r.id as "recordId", r.source_id as "sourceId", s.name as source, r.key, s.language, r.title, r.text,
           r.media_type as "mediaType"
         from record r join source s on s.id = r.source_id where r.id > $1 and not r.deleted order by r.id limit $2`,
        [after, limit],
      ),
    fillPosition: async ({ generation }) => {
      const [row] = await db.query<{ position: number }>(
        `select fill_position as position from generation where id = $1`,
        [generation],
      )
      return row?.position ?? 0
    },
    fillGeneration: ({ generation, model, upTo, records, embeddings, usage }) =>
      db.transaction(async (tx) => {
        const [row] = await tx.query<{ position: number }>(
          `select fill_position as position from generation where id = $1 for update`,
          [generation],
        )
        // A page that comes again after a lost answer is there already.
        if ((row?.position ?? 0) >= upTo) return
        for (const [language, group] of Map.groupBy(records, (record) => record.language)) {
          const placed = group.flatMap(({ recordId, chunks }) =>
            chunks.map((chunk, slot) => ({ id: chunkAddress(recordId, slot), ordinal: slot, chunk })),
          )
          await copyChunks(tx, generation, language, placed)
          await copyVectors(tx, context, generation, placed)
        }
        await raiseSlots(tx, records)
        await saveEmbeddings(tx, context, model, embeddings)
        await addUsage(tx, model, usage)
        await tx.query(`update generation set fill_position = $2 where id = $1`, [generation, upTo])
      }),
    switchGeneration: async ({ generation, languages }) => {
      await ensureLexical(context, generation, Object.values(languages))
      await buildVectorIndex(context, generation)
      await db.transaction((tx) => activate(tx, generation, languages))
    },
  }
}

function differs(generation: Generation, settings: GenerationSettings): boolean {
  return (
    generation.model !== settings.model ||
    generation.dimensions !== settings.dimensions ||
    generation.chunker !== settings.chunker
  )
}

/** Makes a generation's empty tables; under the next free number unless one is given. */
export async function createTables(
  tx: Queryable,
  { db, vectorType }: LedgerContext,
  settings: GenerationSettings,
  state: Generation['state'],
  number?: number,
): Promise<Generation> {
  const [last] = await tx.query<{ id: number }>(`select coalesce(max(id), 0) as id from generation`)
  const generation: Generation = { ...settings, id: number ?? (last?.id ?? 0) + 1, state }
  const { chunk, vector, fresh } = tablesOf(generation.id)
  await tx.exec(`
    create table ${chunk} (
      id bigint primary key, ordinal int not null, language text not null, hash text not null,
      header text not null, text text not null
    ) with (fillfactor = 90);
    create table ${vector} (id bigint primary key, v ${vectorType}(${String(settings.dimensions)}) not null);
    create table ${fresh} (like ${vector} including all);`)
  // The embedded store can't stop for the minutes that building a graph afterwards takes, so it grows with the rows.
  if (db.kind === 'embedded') await createGraph(tx, generation.id, vectorType)
  await tx.query(`insert into generation (id, state, model, dimensions, chunker) values ($1, $2, $3, $4, $5)`, [
    generation.id,
    state,
    settings.model,
    settings.dimensions,
    settings.chunker,
  ])
  return generation
}

async function dropTables(tx: Queryable, generation: number): Promise<void> {
  const { chunk, vector, fresh } = tablesOf(generation)
  await tx.exec(`drop table if exists ${chunk}; drop table if exists ${vector}; drop table if exists ${fresh};`)
  await tx.query(`delete from generation where id = $1`, [generation])
  await tx.query(`delete from projection where generation = $1`, [generation])
}

async function activate(tx: Queryable, generation: number, languages: Readonly<Record<string, string>>): Promise<void> {
  const old = await requireGeneration(tx)
  const { chunk } = tablesOf(generation)
  await dropTables(tx, old.id)
  await tx.query(`update generation set state = 'active' where id = $1`, [generation])
  await tx.query(`update source s set language = x.value from jsonb_each_text($1::jsonb) as x where x.key = s.name`, [
    JSON.stringify(languages),
  ])
  await tx.exec(
    `update source s set chunks = (select count(*) from record r cross join lateral ${ofRecord(chunk)} c where r.source_id = s.id)`,
  )
  // Vectors of other models, and of texts that no longer exist, are not worth their space.
  await tx.query(
    `delete from embedding e where model <> (select model from generation where id = $1)
       or not exists (select 1 from ${chunk} c where c.hash = e.hash)`,
    [generation],
  )
}

async function raiseSlots(
  tx: Queryable,
  records: readonly { readonly recordId: number; readonly chunks: readonly unknown[] }[],
): Promise<void> {
  await tx.query(
    `update record r set slots = x.slots from unnest($1::bigint[], $2::int[]) as x(id, slots) where r.id = x.id and r.slots < x.slots`,
    [records.map(({ recordId }) => recordId), records.map(({ chunks }) => chunks.length)],
  )
}
