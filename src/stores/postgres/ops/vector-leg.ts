import { maxChunks } from '../../../core/chunk-address.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { Queryable } from '../../../core/db.ts'
import type { LedgerSearch, ScoredChunk } from '../../../core/ledger-search.ts'
import { readerGeneration, ofRecord, tablesOf, vectorText, type LedgerContext } from '../context.ts'
import { filterSql, hidesEditions, isUnfiltered } from './filter.ts'

/** Up to so many permitted records are compared exactly; beyond, the graph is walked on until enough pass the filter. */
const exactRecords = 3000

/** Nearest neighbours by cosine. Never silently short: what a filtered walk of the graph misses, an exact scan finds. */
export function vectorLeg(context: LedgerContext): Pick<LedgerSearch, 'vectorLeg'> {
  const { db } = context
  return {
    vectorLeg: async ({ vector, model, filter, limit, also }) => {
      const { id } = await generationOf(context, model)
      const { vector: graph, fresh, vectors } = tablesOf(id)
      const hides = await hidesEditions(context)
      const { sql, params } = filterSql(filter, 4, { hides })
      const ask = async (
        queryable: Queryable,
        leg: string,
      ): Promise<{ found: ScoredChunk[]; others: ScoredChunk[] }> => {
        const rows = await queryable.query<ScoredChunk & { near: boolean }>(
          `select leg.chunk, leg.score, true as near from (${leg}) as leg
           union all select v.id, 1 - (v.v <=> $1), false from ${vectors} v where v.id = any($3::bigint[])`,
          [vectorText(vector), limit, also, ...params],
        )
        const part = (near: boolean): ScoredChunk[] =>
          rows.filter((row) => row.near === near).map(({ chunk, score }) => ({ chunk, score }))
        return { found: part(true).sort((a, b) => b.score - a.score), others: part(false) }
      }
      if (isUnfiltered(filter) && !hides) {
        return ask(
          db,
          `(select v.id as chunk, 1 - (v.v <=> $1) as score from ${graph} v order by v.v <=> $1 limit $2)
           union all (select v.id, 1 - (v.v <=> $1) from ${fresh} v order by v.v <=> $1 limit $2)
           order by score desc limit $2`,
        )
      }
      const exact = `with r as materialized (select r.id from record r where ${sql})
        select v.id as chunk, 1 - (v.v <=> $1) as score from r
        cross join lateral ${ofRecord(vectors)} v
        order by score desc limit $2`
      if ((await countPermitted(db, filterSql(filter, 1, { hides }))) <= exactRecords) return ask(db, exact)
      const walked = await db.transaction(async (tx) => {
        // Without this the planner may prefer to sort everything.
        await tx.exec('set local enable_sort = off')
        return ask(tx, `(${nearest(graph, sql)}) union all (${nearest(fresh, sql)}) order by score desc limit $2`)
      })
      return walked.found.length >= limit ? walked : ask(db, exact)
    },
  }
}

/** The generation that answers, if its vectors are of this model. */
async function generationOf(context: LedgerContext, model: string): Promise<{ readonly id: number }> {
  const generation = await readerGeneration(context)
  if (generation.model === model) return generation
  // Switched a moment ago, perhaps.
  context.cache.generation = undefined
  const { id, model: held } = await readerGeneration(context)
  if (held === model) return { id }
  throw new AquiferError('CONFIG_NEEDS_REBUILD', `The ledger holds vectors of ${held}, and ${model} is configured.`)
}

/** How many records pass, counted up to one more than are compared exactly. */
async function countPermitted(db: Queryable, { sql, params }: ReturnType<typeof filterSql>): Promise<number> {
  const [permitted] = await db.query<{ count: number }>(
    `select count(*) as count from (select 1 from record r where ${sql} limit ${String(exactRecords + 1)}) as permitted`,
    params,
  )
  return permitted?.count ?? 0
}

function nearest(table: string, sql: string): string {
  return `select v.id as chunk, 1 - (v.v <=> $1) as score from ${table} v join record r on r.id = v.id / ${String(maxChunks)}
    where ${sql} order by v.v <=> $1 limit $2`
}
