import { z } from 'zod'
import { readDocuments } from '../kit/elasticsearch-documents.ts'
import { requestElasticsearch } from '../kit/elasticsearch-request.ts'
import { groups, largestAmount, statuses, tagWords } from './item.ts'

/** What Elasticsearch says of one passage that it shows. It keeps no text, so it is asked word by word. */
export interface Shown {
  readonly feed: number
  readonly tags: readonly string[]
  readonly acl: readonly string[]
  readonly facets: readonly string[]
}

const Answer = z.object({
  hits: z.object({ hits: z.array(z.object({ _id: z.string(), fields: z.object({ chunk: z.tuple([z.number()]) }) })) }),
})
const page = 5000

/** Every passage that is not marked as deleted, by its address. */
export async function readShown(url: string, prefix: string): Promise<ReadonlyMap<number, Shown>> {
  const documents = await readDocuments(url, prefix)
  const shown = new Map(
    documents
      .filter(({ deleted }) => !deleted)
      .map(({ chunk, feed }) => [chunk, { feed, tags: [] as string[], acl: [] as string[], facets: [] as string[] }]),
  )
  const ask = async (query: object, into: 'tags' | 'acl' | 'facets', name: string): Promise<void> => {
    for (const chunk of await chunksOf(url, prefix, query)) shown.get(chunk)?.[into].push(name)
  }
  for (const word of tagWords) await ask({ match: { body: word } }, 'tags', word)
  for (const group of [...groups, '*', 'never']) await ask({ term: { acl: group } }, 'acl', group)
  const facets = [
    ...statuses.map((status) => `status=${status}`),
    ...Array.from({ length: largestAmount + 1 }, (_, amount) => `amount=${String(amount)}`),
  ]
  for (const facet of facets) await ask({ term: { facets: facet } }, 'facets', facet)
  return shown
}

async function chunksOf(url: string, index: string, query: object): Promise<readonly number[]> {
  const found: number[] = []
  for (;;) {
    const last = found.at(-1)
    const body = JSON.stringify({
      size: page,
      query: { bool: { filter: [query, { term: { deleted: false } }] } },
      sort: [{ chunk: 'asc' }],
      _source: false,
      docvalue_fields: ['chunk'],
      track_total_hits: false,
      ...(last === undefined ? {} : { search_after: [last] }),
    })
    const { hits } = Answer.parse(await requestElasticsearch(url, `/${index}/_search`, { method: 'POST', body })).hits
    found.push(...hits.map(({ fields }) => fields.chunk[0]))
    if (hits.length < page) return found
  }
}
