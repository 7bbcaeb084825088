import type { Client } from '@elastic/elasticsearch'
import type { QueryDslQueryContainer } from '@elastic/elasticsearch/lib/api/types'

import type { SearchFilter, ScoredChunk } from '../../core/ledger-search.ts'
import { ask, type ElasticsearchContext } from './context.ts'
import { hasTooManyClauses } from './map-error.ts'

/** Elasticsearch returns no more in one answer unless told so per index. */
const maxWindow = 10_000
const requestTimeout = 10_000

interface Search {
  readonly text: string
  readonly filter: readonly QueryDslQueryContainer[]
  readonly size: number
}

/** The best chunks of the live generation for this text, best first; equal scores by address. */
export async function searchChunks(context: ElasticsearchContext, search: Search): Promise<ScoredChunk[]> {
  if (search.size === 0) return []
  return ask(context, async (client) => {
    // Halved while it has more words than the server takes as clauses; by far most queries run once.
    for (let { text } = search; ; text = text.slice(0, text.length / 2)) {
      try {
        return await run(client, context.prefix, { ...search, text })
      } catch (error) {
        if (!hasTooManyClauses(error) || text.length < 2) throw error
      }
    }
  })
}

async function run(client: Client, index: string, { text, filter, size }: Search): Promise<ScoredChunk[]> {
  const { hits } = await client.search(
    {
      index,
      size: Math.min(size, maxWindow),
      query: { bool: { must: [{ match: { body: { query: text } } }], filter: [...filter] } },
      _source: false,
      // Ids come from a doc value: reading `_id` or `_source` means opening a stored field a hit.
      stored_fields: ['_none_'],
      docvalue_fields: ['chunk'],
      track_total_hits: false,
      allow_partial_search_results: false,
      filter_path: 'hits.hits._score,hits.hits.fields',
    },
    { requestTimeout },
  )
  const found = (hits?.hits ?? []).map(({ _score, fields }) => ({
    chunk: Number(fields?.['chunk']?.[0]),
    score: _score ?? 0,
  }))
  return found.toSorted((a, b) => b.score - a.score || a.chunk - b.chunk)
}

const live: QueryDslQueryContainer = { term: { deleted: false } }

/** What a caller may look at, in filter context; a list that is empty lets nothing through. */
export function filterOf(
  { readable, sources, facets }: SearchFilter,
  hidden: readonly number[] = [],
): QueryDslQueryContainer[] {
  return [
    live,
    ...(hidden.length === 0 ? [] : [{ bool: { must_not: { terms: { source_id: [...hidden] } } } }]),
    ...(readable === undefined ? [] : [{ terms: { acl: [...readable] } }]),
    ...(sources === undefined ? [] : [{ terms: { source: [...sources] } }]),
    ...facets.map((values) => ({ terms: { facets: [...values] } })),
  ]
}

/** Only these chunks, if they live. */
export function onlyChunks(chunks: readonly number[]): QueryDslQueryContainer[] {
  return [live, { ids: { values: chunks.map(String) } }]
}
