import { maxChunks } from '../../core/chunk-address.ts'
import type { Db, Queryable } from '../../core/db.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Generation } from '../../core/ledger-generations.ts'

/** Who holds the words: BM25 in the ledger, another store, or nobody. */
export type LexicalKeeper = 'ledger' | 'external' | 'none'

export interface LedgerOptions {
  readonly schema: string
  readonly lexical: LexicalKeeper
}

/** Which languages have a BM25 index, and which language each source has. */
export interface LexicalCatalog {
  readonly generation: number
  readonly at: number
  readonly indexed: readonly string[]
  readonly languages: ReadonlyMap<string, string>
}

/** What every operation works on. */
export interface LedgerContext {
  readonly db: Db
  readonly options: LedgerOptions
  /** fp32 in the embedded store, where half precision is four times slower; fp16 in a native one, where it is half the size. */
  readonly vectorType: 'vector' | 'halfvec'
  /** The active generation, for readers: see `readerGeneration`. */
  readonly cache: {
    generation?: { readonly value: Generation; readonly at: number } | undefined
    lexical?: LexicalCatalog | undefined
    editions?: { readonly hides: boolean; readonly at: number } | undefined
  }
}

export async function activeGeneration(db: Queryable): Promise<Generation | undefined> {
  const [row] = await db.query<Generation>(
    `select id, state, model, dimensions, chunker from generation where state = 'active'`,
  )
  return row
}

export async function requireGeneration(db: Queryable): Promise<Generation> {
  const generation = await activeGeneration(db)
  if (generation === undefined) throw new AquiferError('LEDGER_EMPTY', 'Nothing has been indexed yet.')
  return generation
}

/** How old what a reader remembers of the catalogue may be. */
export const cachedMs = 500

/**
 * The active generation as it was at most half a second ago: a search asks several times. Where it was switched since,
 * its tables are gone, and the operation is run again with the new one.
 */
export async function readerGeneration({ db, cache }: LedgerContext): Promise<Generation> {
  const now = performance.now()
  if (cache.generation !== undefined && now - cache.generation.at < cachedMs) return cache.generation.value
  const value = await requireGeneration(db)
  cache.generation = { value, at: now }
  return value
}

/**
 * Names of a generation's tables and indexes. Built from numbers and fixed words only, so they are safe in SQL text.
 * `vector` carries the graph; `fresh` holds vectors not yet merged into it, searched exactly; `vectors` is both.
 */
export function tablesOf(generation: number): Tables {
  const suffix = String(generation)
  return {
    chunk: `chunk_${suffix}`,
    vector: `vector_${suffix}`,
    fresh: `fresh_${suffix}`,
    vectors: `(select id, v from vector_${suffix} union all select id, v from fresh_${suffix})`,
    hnsw: `vector_${suffix}_hnsw`,
    bm25: (language) => `chunk_${suffix}_bm25_${language}`,
  }
}

interface Tables {
  readonly chunk: string
  readonly vector: string
  readonly fresh: string
  readonly vectors: string
  readonly hnsw: string
  readonly bm25: (language: string) => string
}

/**
 * The rows, keyed by chunk, of the record `r`, for `cross join lateral`. With `offset 0` the index is asked once a record; as
 * a plain join of ranges the planner takes each record's for a ninth of the table, and reads it all.
 */
export const ofRecord = (table: string): string =>
  `(select * from ${table} i
     where i.id >= r.id * ${String(maxChunks)} and i.id < (r.id + 1) * ${String(maxChunks)} offset 0)`

/** What a chunk is matched and embedded by; the BM25 index is built on this very expression. */
export const bodySql = (prefix: '' | 'c.'): string => `(${prefix}header || E'\\n' || ${prefix}text)`

export function vectorText(vector: Float32Array): string {
  return `[${vector.join(',')}]`
}
