import type { Queryable } from '../../../core/db.ts'
import type { DeadLetterWrite, LedgerSync } from '../../../core/ledger-sync.ts'
import type { LedgerContext } from '../context.ts'

export function addDeadLetters({ db }: LedgerContext): LedgerSync['addDeadLetters'] {
  return ({ sourceId, letters }) => upsertDeadLetters(db, sourceId, letters)
}

export function settleDeadLetters({ db }: LedgerContext): LedgerSync['settleDeadLetters'] {
  return async ({ sourceId, keys }) => {
    await db.query(`delete from dead_letter where source_id = $1 and key = any($2::text[])`, [sourceId, keys])
  }
}

/** One row an item and stage; a repeated failure counts up. */
export async function upsertDeadLetters(
  tx: Queryable,
  sourceId: number,
  letters: readonly DeadLetterWrite[],
): Promise<void> {
  if (letters.length === 0) return
  const unique = [...new Map(letters.map((letter) => [`${letter.stage} ${letter.key}`, letter])).values()]
  await tx.query(
    `insert into dead_letter (source_id, key, stage, position, error)
     select $1, x.key, x.stage, x.position, x.error
     from jsonb_to_recordset($2::jsonb) as x(key text, stage text, position text, error jsonb)
     on conflict (source_id, key, stage) do update
     set attempts = dead_letter.attempts + 1, last_at = now(), error = excluded.error, position = excluded.position`,
    [sourceId, JSON.stringify(unique)],
  )
}
