import type { IndicesIndexSettings, MappingTypeMapping } from '@elastic/elasticsearch/lib/api/types'

/** One index a generation and language, written through an alias of its own so that no write ever makes an index. */
export const indexName = (prefix: string, generation: number, language: string): string =>
  `${generationAlias(prefix, generation)}-${language}`
export const writeAlias = (prefix: string, generation: number, language: string): string =>
  `${indexName(prefix, generation, language)}-write`
/** The language of an index of this generation; '' for a name that is not one. */
export const languageOf = (prefix: string, generation: number, index: string): string => {
  const start = `${generationAlias(prefix, generation)}-`
  return index.startsWith(start) ? index.slice(start.length) : ''
}
/** All indices of a generation. */
export const generationAlias = (prefix: string, generation: number): string => `${prefix}-g${generation}`

/** The generation of one of our indices; undefined for any other name. */
export function generationOf(prefix: string, index: string): number | undefined {
  if (!index.startsWith(`${prefix}-g`)) return undefined
  const [, generation] = /^(\d+)-[a-z]+$/.exec(index.slice(prefix.length + 2)) ?? []
  return generation === undefined ? undefined : Number(generation)
}

/** Refreshed by the pipeline after each page; the interval is only the net below it. One shard: exact BM25 statistics. */
export const indexSettings: IndicesIndexSettings = {
  number_of_shards: 1,
  auto_expand_replicas: '0-1',
  refresh_interval: '30s',
  similarity: { default: { type: 'BM25', k1: 1.2, b: 0.75 } },
}

// Longer values are not indexed rather than refused: 32,766 bytes is the longest term, four bytes the longest character.
const exact = { type: 'keyword', doc_values: false, ignore_above: 8191 } as const

/** Fields that a search filters on are indexed, those that are only read back are doc values; the source is what `verify` reads back. */
export function indexMapping(language: string, owner: string | undefined): MappingTypeMapping {
  return {
    dynamic: 'strict',
    _meta: owner === undefined ? {} : { owner },
    properties: {
      chunk: { type: 'long' },
      record: { type: 'long', index: false },
      source: exact,
      source_id: { type: 'integer' },
      acl: exact,
      facets: exact,
      feed: { type: 'long' },
      deleted: { type: 'boolean' },
      body: { type: 'text', analyzer: language, index_options: 'freqs' },
    },
  }
}
