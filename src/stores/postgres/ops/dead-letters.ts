import type { Queryable } from '../../../core/db.ts'
import type { DeadLetter, LedgerAdmin } from '../../../core/ledger.ts'
import type { Batch, DeadLetterWrite, LedgerSync } from '../../../core/ledger-sync.ts'
import type { LedgerContext } from '../context.ts'

/** What was set aside: added to, settled, listed, dropped. */
export function deadLetters({
  db,
}: LedgerContext): Pick<LedgerSync, 'addDeadLetters' | 'settleDeadLetters'> &
  Pick<LedgerAdmin, 'deadLetters' | 'dropDeadLetters'> {
  return {
    addDeadLetters: ({ sourceId, letters }) => db.transaction((tx) => upsertDeadLetters(tx, sourceId, letters)),
    settleDeadLetters: async ({ sourceId, keys, stage }) => {
      await db.query(
        `delete from dead_letter where source_id = $1 and key = any($2::text[]) and ($3::text is null or stage = $3)`,
        [sourceId, keys, stage ?? null],
      )
    },
    deadLetters: ({ source, sourceId, ids, before, limit }) =>
      db.query<DeadLetter>(
        `select d.id, s.name as source, d.key, d.stage, d.position, d.error, d.attempts, d.first_at as "firstAt", d.last_at as "lastAt"
         from dead_letter d join source s on s.id = d.source_id
         where ($1::text is null or s.name = $1) and ($2::bigint[] is null or d.id = any($2))
           and ($3::bigint is null or d.id < $3) and case when $5::int is null then s.edition = 'active' else s.id = $5 end
         order by d.id desc limit $4`,
        [source ?? null, ids ?? null, before ?? null, limit, sourceId ?? null],
      ),
    dropDeadLetters: async ({ source, ids }) => {
      const [row] = await db.query<{ dropped: number }>(
        `with gone as (delete from dead_letter d using source s
           where s.id = d.source_id and s.edition = 'active' and ($1::text is null or s.name = $1) and ($2::bigint[] is null or d.id = any($2))
           returning d.id)
         select count(*) as dropped from gone`,
        [source ?? null, ids ?? null],
      )
      return { dropped: row?.dropped ?? 0 }
    },
  }
}

/** What a batch says of its items: those that went through are settled, the others set aside. */
export async function writeDeadLetters(tx: Queryable, batch: Batch): Promise<void> {
  const { sourceId, unchanged = [] } = batch
  const written = [...batch.puts.map(({ key }) => key), ...batch.deletes.map(({ key }) => key)]
  const failed = batch.deadLetters.map(({ key }) => key)
  // What was written is projected anew. A letter whose item fails again stays, and counts up.
  if (written.length + unchanged.length > 0) {
    await tx.query(
      `delete from dead_letter where source_id = $1
         and ((key = any($2::text[]) and (stage = 'project' or not key = any($3::text[])))
           or (key = any($4::text[]) and stage <> 'project' and not key = any($3::text[])))`,
      [sourceId, written, failed, unchanged],
    )
  }
  await upsertDeadLetters(tx, sourceId, batch.deadLetters)
}

/**
 * One row an item, and one more for its projection; a repeated failure counts up, also at another stage than before.
 */
async function upsertDeadLetters(tx: Queryable, sourceId: number, letters: readonly DeadLetterWrite[]): Promise<void> {
  if (letters.length === 0) return
  const unique = [...new Map(letters.map((letter) => [`${letter.stage} ${letter.key}`, letter])).values()]
  const params = [sourceId, JSON.stringify(unique)]
  await tx.query(
    `update dead_letter d set stage = x.stage from jsonb_to_recordset($2::jsonb) as x(key text, stage text)
     where d.source_id = $1 and d.key = x.key and 'project' not in (d.stage, x.stage)
       and d.id = (select min(o.id) from dead_letter o where o.source_id = $1 and o.key = x.key and o.stage <> 'project')
       and not exists (select 1 from dead_letter o where o.source_id = $1 and o.key = x.key and o.stage = x.stage)`,
    params,
  )
  await tx.query(
    `insert into dead_letter (source_id, key, stage, position, error)
     select $1, x.key, x.stage, x.position, x.error
     from jsonb_to_recordset($2::jsonb) as x(key text, stage text, position text, error jsonb)
     on conflict (source_id, key, stage) do update
     set attempts = dead_letter.attempts + 1, last_at = now(), error = excluded.error, position = excluded.position`,
    params,
  )
}
