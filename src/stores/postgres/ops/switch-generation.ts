import type { Db, Queryable } from '../../../core/db.ts'
import type { LedgerGenerations } from '../../../core/ledger-generations.ts'
import { requireGeneration, tablesOf, type LedgerContext } from '../context.ts'
import { dropTables } from './generation-tables.ts'
import { settleEmbedLetters } from './settle-embed-letters.ts'

type Switching = Pick<LedgerGenerations, 'holdSources' | 'switchGeneration' | 'dropGeneration'>

/** Which generation answers. Rows of sources are locked before that of a generation, as everywhere. */
export function switchGeneration(context: LedgerContext): Switching {
  const { db, cache } = context
  return {
    holdSources: async ({ holder, leaseMs }) => {
      await db.transaction(async (tx) => {
        await tx.exec('select 1 from source order by id for update')
        await tx.query(`update source set epoch = epoch + 1, holder = $1, lease_until = now() + $2 * interval '1 ms'`, [
          JSON.stringify(holder),
          leaseMs,
        ])
      })
    },
    switchGeneration: async ({ generation }) => {
      const done = await db.transaction(async (tx) => {
        const dropped = await activate(tx, generation)
        return dropped === undefined ? undefined : { dropped, unembedded: await settleEmbedLetters(tx, generation) }
      })
      if (done === undefined) return { switched: false }
      cache.generation = undefined
      if (done.dropped.length > 0) await forgetVectors(db)
      return { switched: true, unembedded: done.unembedded }
    },
    dropGeneration: async ({ generation }) => {
      const dropped = await db.transaction(async (tx) => {
        const [row] = await tx.query(`select 1 from generation where id = $1 and state <> 'active' for update`, [
          generation,
        ])
        if (row === undefined) return false
        await dropTables(tx, generation)
        return true
      })
      if (dropped) await forgetVectors(db)
      return { dropped }
    },
  }
}

/** The ids of generations that were dropped for it; undefined when this one is not to be switched to yet. */
async function activate(tx: Queryable, generation: number): Promise<readonly number[] | undefined> {
  const sources = await tx.query<{ id: number; feed: number }>(`select id, feed from source order by id for update`)
  await tx.exec('lock table generation in exclusive mode')
  const [target] = await tx.query<{ state: string }>(`select state from generation where id = $1`, [generation])
  // It is the one that answers already: this came again after a lost answer.
  if (target?.state === 'active') return []
  if (target === undefined) return undefined
  const held = await tx.query<{ id: number; feed: number }>(
    `select source_id as id, feed from generation_feed where generation = $1`,
    [generation],
  )
  const feeds = new Map(held.map(({ id, feed }) => [id, feed]))
  if (sources.some(({ id, feed }) => (feeds.get(id) ?? 0) !== feed)) return undefined
  const old = await requireGeneration(tx)
  const older = await tx.query<{ id: number }>(`select id from generation where state = 'kept' and id <> $1`, [
    generation,
  ])
  for (const { id } of older) await dropTables(tx, id)
  await tx.query(
    `insert into generation_feed (generation, source_id, feed, chunks) select $1, id, feed, chunks from source`,
    [old.id],
  )
  await tx.query(
    `update generation set state = '', switched_at = now(),
       languages = coalesce((select jsonb_object_agg(name, language) from source where edition = 'active'), '{}') where id = $1`,
    [old.id],
  )
  await tx.query(`update generation set state = 'active', switched_at = now() where id = $1`, [generation])
  await tx.query(`update generation set state = 'kept' where id = $1`, [old.id])
  // Whoever still writes as the old one was made has to claim anew, and sees that it may not.
  await tx.query(
    `update source s set epoch = s.epoch + 1, holder = null, lease_until = null,
       language = coalesce((select g.languages ->> s.name from generation g where g.id = $1), s.language),
       chunks = coalesce((select f.chunks from generation_feed f where f.generation = $1 and f.source_id = s.id), 0)`,
    [generation],
  )
  await tx.query(`delete from generation_feed where generation = $1`, [generation])
  return older.map(({ id }) => id)
}

/** Vectors of other models, and of texts that no generation has, are not worth their space. */
async function forgetVectors(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.exec('set local statement_timeout = 0')
    const generations = await tx.query<{ id: number; model: string }>(`select id, model from generation`)
    const byModel = Map.groupBy(generations, ({ model }) => model)
    await tx.query(`delete from embedding where model <> all($1::text[])`, [[...byModel.keys()]])
    for (const [model, those] of byModel) {
      const texts = those.map(({ id }) => `select hash from ${tablesOf(id).chunk}`).join(' union all ')
      await tx.query(
        `delete from embedding e where e.model = $1 and not exists (select 1 from (${texts}) c where c.hash = e.hash)`,
        [model],
      )
    }
  })
}
