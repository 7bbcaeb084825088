import { z } from 'zod'
import { AquiferError } from '../../core/errors.ts'
import type { DocumentPlace, LexicalProjection, StoredDocument } from '../../core/lexical.ts'
import { ask, type ElasticsearchContext } from './context.ts'
import { generationAlias, languageOf } from './index-layout.ts'

type Wanted = Parameters<LexicalProjection['documents']>[0]

/** What others wrote may be anything: a field of another type counts as another value. */
const Strings = z.array(z.string()).catch(['?'])
const Whole = z.number().catch(-1)
const Text = z.string().catch('\0')
const Source = z.looseObject({
  chunk: Whole,
  record: Whole,
  source_id: Whole,
  source: Text,
  feed: Whole,
  acl: Strings,
  facets: Strings,
  body: Text,
})

export async function readDocuments(context: ElasticsearchContext, wanted: Wanted): Promise<readonly StoredDocument[]> {
  const { generation, sources, except = [], after, to, only, limit } = wanted
  const index = generationAlias(context.prefix, generation)
  const filter = [
    ...(only === undefined ? [{ range: { chunk: { gt: after, ...(to === undefined ? {} : { lte: to }) } } }] : []),
    ...(only === undefined ? [] : [{ terms: { chunk: [...only] } }]),
    ...(sources === undefined ? [] : [{ terms: { source_id: [...sources] } }]),
  ]
  const { hits } = await ask(context, (client) =>
    client.search({
      index,
      size: limit,
      // What others wrote may lack the field.
      query: { bool: { filter, must_not: [{ term: { deleted: true } }, { terms: { source_id: [...except] } }] } },
      sort: [{ chunk: 'asc' }, { _index: 'asc' }],
      version: true,
      seq_no_primary_term: true,
      track_total_hits: false,
      allow_partial_search_results: false,
      filter_path:
        'hits.hits._index,hits.hits._id,hits.hits._version,hits.hits._seq_no,hits.hits._primary_term,hits.hits._source',
    }),
  )
  return (hits?.hits ?? []).map(({ _index, _id, _version, _seq_no, _primary_term, _source }): StoredDocument => {
    if (_source === undefined) {
      throw new AquiferError(
        'LEXICAL_UNREADABLE',
        `The index ${_index} was made by an earlier version, and keeps nothing that can be read back.`,
      )
    }
    const source = Source.parse(_source)
    const place: DocumentPlace = {
      index: _index,
      id: _id ?? '',
      version: _version ?? 0,
      sequence: _seq_no ?? 0,
      term: _primary_term ?? 0,
    }
    return {
      id: Number(_id),
      chunk: source.chunk,
      record: source.record,
      sourceId: source.source_id,
      source: source.source,
      feed: source.feed,
      version: place.version,
      language: languageOf(context.prefix, generation, _index),
      acl: source.acl,
      facets: source.facets,
      body: source.body,
      place,
    }
  })
}

const page = 1000

export async function removeDocuments(
  context: ElasticsearchContext,
  places: readonly DocumentPlace[],
): Promise<{ readonly removed: number }> {
  let removed = 0
  for (let from = 0; from < places.length; from += page) {
    const operations = places.slice(from, from + page).map(({ index, id, sequence, term }) => ({
      delete: { _index: index, _id: id, if_seq_no: sequence, if_primary_term: term },
    }))
    const { items } = await ask(context, (client) =>
      client.bulk({ operations, refresh: true, filter_path: 'items.*.status' }),
    )
    removed += items.filter(({ delete: outcome }) => outcome?.status === 200).length
  }
  return { removed }
}
