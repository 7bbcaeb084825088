import { z } from 'zod'
import { requestElasticsearch } from './elasticsearch-request.ts'

const Answer = z.object({
  hits: z.object({
    hits: z.array(
      z.object({
        _id: z.string(),
        _version: z.number(),
        fields: z.object({
          chunk: z.tuple([z.number()]),
          record: z.tuple([z.number()]),
          feed: z.tuple([z.number()]),
          deleted: z.tuple([z.boolean()]),
        }),
      }),
    ),
  }),
})

export interface StoredDocument {
  readonly chunk: number
  readonly record: number
  readonly feed: number
  readonly version: number
  readonly deleted: boolean
}

const page = 5000

/** Every document behind an index or alias, tombstones too, as Elasticsearch itself gives them. */
export async function readDocuments(url: string, index: string): Promise<readonly StoredDocument[]> {
  await requestElasticsearch(url, `/${index}/_refresh`, { method: 'POST' })
  const documents: StoredDocument[] = []
  for (;;) {
    const last = documents.at(-1)
    const body = JSON.stringify({
      size: page,
      sort: [{ chunk: 'asc' }],
      version: true,
      _source: false,
      docvalue_fields: ['chunk', 'record', 'feed', 'deleted'],
      ...(last === undefined ? {} : { search_after: [last.chunk] }),
    })
    const { hits } = Answer.parse(await requestElasticsearch(url, `/${index}/_search`, { method: 'POST', body })).hits
    documents.push(
      ...hits.map(({ _version, fields }) => ({
        chunk: fields.chunk[0],
        record: fields.record[0],
        feed: fields.feed[0],
        version: _version,
        deleted: fields.deleted[0],
      })),
    )
    if (hits.length < page) return documents
  }
}

const Found = z.object({ hits: z.object({ hits: z.array(z.object({ _id: z.string() })) }) })

/** Addresses of the live passages that hold this word. */
export async function findByWord(url: string, index: string, word: string): Promise<readonly number[]> {
  const query = { bool: { must: [{ match: { body: word } }], filter: [{ term: { deleted: false } }] } }
  const body = JSON.stringify({ size: 10_000, query, _source: false })
  const { hits } = Found.parse(await requestElasticsearch(url, `/${index}/_search`, { method: 'POST', body })).hits
  return hits.map(({ _id }) => Number(_id)).toSorted((a, b) => a - b)
}
