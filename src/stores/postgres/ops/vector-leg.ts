import { maxChunks } from '../../../core/chunk-address.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { Queryable } from '../../../core/db.ts'
import type { LedgerSearch } from '../../../core/ledger-search.ts'
import type { ScoredChunk } from '../../../core/lexical.ts'
import { readerGeneration, tablesOf, vectorText, type LedgerContext } from '../context.ts'
import { filterSql, isUnfiltered } from './filter.ts'

/** Up to so many permitted records are compared exactly; beyond, the graph is walked on until enough pass the filter. */
const exactRecords = 3000

/** Nearest neighbours by cosine. Never silently short: what a filtered walk of the graph misses, an exact scan finds. */
export function vectorLeg(context: LedgerContext): Pick<LedgerSearch, 'vectorLeg' | 'vectorScores'> {
  const { db } = context
  return {
    vectorLeg: async ({ vector, model, filter, limit }) => {
      let { id, model: held } = await readerGeneration(context)
      if (held !== model) {
        // Switched a moment ago, perhaps.
        context.cache.generation = undefined
        ;({ id, model: held } = await readerGeneration(context))
      }
      if (held !== model) {
        throw new AquiferError(
          'CONFIG_NEEDS_REBUILD',
          `The ledger holds vectors of ${held}, and ${model} is configured.`,
        )
      }
      const { vector: graph, fresh, vectors } = tablesOf(id)
      const query = vectorText(vector)
      if (isUnfiltered(filter)) {
        return db.query<ScoredChunk>(
          `(select v.id as chunk, 1 - (v.v <=> $1) as score from ${graph} v order by v.v <=> $1 limit $2)
           union all (select v.id, 1 - (v.v <=> $1) from ${fresh} v order by v.v <=> $1 limit $2)
           order by score desc limit $2`,
          [query, limit],
        )
      }
      const { sql, params } = filterSql(filter, 3)
      const [permitted] = await db.query<{ count: number }>(
        `select count(*) as count from (select 1 from record r where ${filterSql(filter, 1).sql} limit ${String(exactRecords + 1)}) as permitted`,
        params,
      )
      const exact = (): Promise<ScoredChunk[]> =>
        db.query<ScoredChunk>(
          `with r as materialized (select r.id from record r where ${sql})
           select v.id as chunk, 1 - (v.v <=> $1) as score from r
           join ${vectors} v on v.id >= r.id * ${String(maxChunks)} and v.id < (r.id + 1) * ${String(maxChunks)}
           order by score desc limit $2`,
          [query, limit, ...params],
        )
      if ((permitted?.count ?? 0) <= exactRecords) return exact()
      const walked = await db.transaction((tx) => walkGraph(tx, { graph, fresh }, sql, [query, limit, ...params]))
      return walked.length >= limit ? walked : exact()
    },
    vectorScores: async ({ vector, chunks }) => {
      if (chunks.length === 0) return []
      const { id } = await readerGeneration(context)
      return db.query<ScoredChunk>(
        `select v.id as chunk, 1 - (v.v <=> $1) as score from ${tablesOf(id).vectors} v where v.id = any($2::bigint[])`,
        [vectorText(vector), chunks],
      )
    },
  }
}

async function walkGraph(
  tx: Queryable,
  { graph, fresh }: { graph: string; fresh: string },
  sql: string,
  params: readonly unknown[],
): Promise<ScoredChunk[]> {
  // Without this the planner may prefer to sort everything.
  await tx.exec('set local enable_sort = off')
  return tx.query<ScoredChunk>(
    `(${nearest(graph, sql)}) union all (${nearest(fresh, sql)}) order by score desc limit $2`,
    params,
  )
}

function nearest(table: string, sql: string): string {
  return `select v.id as chunk, 1 - (v.v <=> $1) as score from ${table} v join record r on r.id = v.id / ${String(maxChunks)}
    where ${sql} order by v.v <=> $1 limit $2`
}
