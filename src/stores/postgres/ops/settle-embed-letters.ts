import { maxChunks } from '../../../core/chunk-address.ts'
import type { Queryable } from '../../../core/db.ts'
import { AquiferError, toErrorView } from '../../../core/errors.ts'
import { tablesOf } from '../context.ts'

/**
 * Makes the dead letters say which records' texts the model of the generation that answers from now on refused: those of
 * records that it took are settled. Returns how many records are without a vector.
 */
export async function settleEmbedLetters(tx: Queryable, generation: number): Promise<number> {
  const { chunk, vector, fresh } = tablesOf(generation)
  const rows = await tx.query<{ id: number }>(
    `select distinct c.id / ${String(maxChunks)} as id from ${chunk} c
     where not exists (select 1 from ${vector} v where v.id = c.id) and not exists (select 1 from ${fresh} f where f.id = c.id)`,
  )
  const bare = rows.map(({ id }) => id)
  await tx.query(
    `delete from dead_letter d using record r
     where d.stage = 'embed' and r.source_id = d.source_id and r.key = d.key and not r.deleted and not r.id = any($1::bigint[])`,
    [bare],
  )
  if (bare.length === 0) return 0
  const error = new AquiferError(
    'EMBEDDING_REJECTED',
    'No vector for this text: the model of the generation refused it.',
  )
  // An item that fails at another stage has its letter already.
  await tx.query(
    `insert into dead_letter (source_id, key, stage, position, error)
     select r.source_id, r.key, 'embed', r.position, $2 from record r where r.id = any($1::bigint[]) and not r.deleted
       and not exists (select 1 from dead_letter d where d.source_id = r.source_id and d.key = r.key and d.stage <> 'project')`,
    [bare, JSON.stringify(toErrorView(error))],
  )
  // Marked, so that the next read of the item tries again, as after a sync.
  await tx.query(`update record set digest = '!' || digest where id = any($1::bigint[]) and digest not like '!%'`, [
    bare,
  ])
  return bare.length
}
