import type { Client } from '@elastic/elasticsearch'

import { ask, type ElasticsearchContext } from './context.ts'
import { generationAlias } from './index-layout.ts'

const pageSize = 5000

interface Tombstone {
  readonly index: string
  readonly chunk: number
  readonly feed: number
}

/**
 * Removes a source's tombstones up to a feed number. Each delete carries the tombstone's version, so a passage written
 * anew in the meantime stays, and Elasticsearch goes on refusing older writes for its `gc_deletes` (a minute).
 */
export async function purgeTombstones(
  context: ElasticsearchContext,
  generation: number,
  sourceId: number,
  feed: number,
): Promise<void> {
  const index = generationAlias(context.prefix, generation)
  await ask(context, async (client) => {
    for (let after = -1; ;) {
      const page = await tombstones(client, { index, sourceId, feed, after })
      if (page.length === 0) return
      await client.bulk({
        operations: page.map(({ index, chunk, feed: version }) => ({
          delete: { _index: index, _id: String(chunk), version, version_type: 'external_gte' },
        })),
        filter_path: 'errors',
      })
      after = page.at(-1)?.chunk ?? after
    }
  })
}

async function tombstones(
  client: Client,
  args: { readonly index: string; readonly sourceId: number; readonly feed: number; readonly after: number },
): Promise<Tombstone[]> {
  const { hits } = await client.search({
    index: args.index,
    size: pageSize,
    query: {
      bool: {
        filter: [
          { term: { deleted: true } },
          { term: { source_id: args.sourceId } },
          { range: { feed: { lte: args.feed } } },
        ],
      },
    },
    sort: [{ chunk: 'asc' }],
    search_after: [args.after],
    _source: false,
    docvalue_fields: ['chunk', 'feed'],
    track_total_hits: false,
    filter_path: 'hits.hits._index,hits.hits.fields',
  })
  return (hits?.hits ?? []).map(({ _index, fields }) => ({
    index: _index,
    chunk: Number(fields?.['chunk']?.[0]),
    feed: Number(fields?.['feed']?.[0]),
  }))
}
