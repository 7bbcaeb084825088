import { maxChunks } from '../../../core/chunk-address.ts'
import type { Queryable } from '../../../core/db.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { LedgerSearch, SearchFilter, ScoredChunk } from '../../../core/ledger-search.ts'
import { bodySql, cachedMs, readerGeneration, tablesOf, type LedgerContext, type LexicalCatalog } from '../context.ts'
import { filterSql, hidesEditions, isUnfiltered } from './filter.ts'

/** BM25 by pg_textsearch, one index a language. The operator gives minus the score, and 0 where nothing matches. */
export function lexicalLeg(context: LedgerContext): Pick<LedgerSearch, 'lexicalLeg' | 'lexicalScores'> {
  const { db } = context
  return {
    lexicalLeg: async ({ text, filter, limit }) => {
      const generation = await readerGeneration(context)
      const languages = await indexedLanguages(context, generation.id, filter.sources)
      const hides = await hidesEditions(context)
      const legs: ScoredChunk[] = []
      for (const language of languages) {
        legs.push(
          ...(await db.transaction((tx) =>
            searchIndex(tx, { generation: generation.id, language, text, filter, limit, hides }),
          )),
        )
      }
      return legs
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || a.chunk - b.chunk)
        .slice(0, limit)
    },
    lexicalScores: async ({ text, chunks, languages }) => {
      if (chunks.length === 0) return []
      const generation = await readerGeneration(context)
      const { chunk, bm25 } = tablesOf(generation.id)
      const scores: ScoredChunk[] = []
      for (const language of languages) {
        const rows = await db.query<ScoredChunk>(
          `select c.id as chunk, -(${bodySql('c.')} <@> to_bm25query($1, '${bm25(language)}')) as score
           from ${chunk} c where c.id = any($2::bigint[]) and c.language = '${language}'`,
          [text, chunks],
        )
        scores.push(...rows.filter(({ score }) => score > 0))
      }
      return scores
    },
  }
}

interface IndexSearch {
  readonly generation: number
  readonly language: string
  readonly text: string
  readonly filter: SearchFilter
  readonly limit: number
  readonly hides: boolean
}

async function searchIndex(
  tx: Queryable,
  { generation, language, text, filter, limit, hides }: IndexSearch,
): Promise<ScoredChunk[]> {
  const { chunk, bm25 } = tablesOf(generation)
  const { sql, params } = filterSql(filter, 3, { hides })
  // A join would put a node between the index and the score; the test of one row at a time leaves the two together.
  const permitted =
    isUnfiltered(filter) && !hides
      ? ''
      : `and (select true from record r where r.id = c.id / ${String(maxChunks)} and ${sql})`
  // The planner's estimates know nothing of BM25: without these it may score every row and sort.
  await tx.exec('set local enable_sort = off; set local enable_seqscan = off')
  // The score that the index has just found; the operator would read the text and score it again, ten times slower.
  return tx.query<ScoredChunk>(
    `select c.id as chunk, -bm25_get_current_score() as score from ${chunk} c
     where c.language = '${language}' ${permitted}
     order by ${bodySql('c.')} <@> to_bm25query($1, '${bm25(language)}') limit $2`,
    [text, limit, ...params],
  )
}

/** Languages of these sources that have an index; they come from the catalogue, so they are safe in SQL text. */
async function indexedLanguages(
  context: LedgerContext,
  generation: number,
  sources: readonly string[] | undefined,
): Promise<string[]> {
  const { indexed, languages } = await readCatalog(context, generation)
  if (indexed.length === 0) {
    throw new AquiferError(
      'LEXICAL_UNAVAILABLE',
      'The ledger has no BM25 index, and no other lexical store is configured.',
    )
  }
  const wanted = new Set(sources === undefined ? languages.values() : sources.map((name) => languages.get(name)))
  return indexed.filter((language) => wanted.has(language))
}

async function readCatalog({ db, cache }: LedgerContext, generation: number): Promise<LexicalCatalog> {
  const now = performance.now()
  if (cache.lexical?.generation === generation && now - cache.lexical.at < cachedMs) return cache.lexical
  const { chunk, bm25 } = tablesOf(generation)
  const prefix = bm25('')
  const names = await db.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = to_regclass($2) and starts_with(c.relname, $1) order by 1`,
    [prefix, chunk],
  )
  const rows = await db.query<{ name: string; language: string }>(
    `select name, language from source where edition = 'active'`,
  )
  const indexed = names.map(({ name }) => name.slice(prefix.length))
  cache.lexical = {
    generation,
    at: now,
    indexed,
    languages: new Map(rows.map(({ name, language }) => [name, language])),
  }
  return cache.lexical
}
