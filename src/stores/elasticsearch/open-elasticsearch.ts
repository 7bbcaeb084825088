import type { ScoredChunk } from '../../core/ledger-search.ts'
import { createHash } from 'node:crypto'

import type { Client } from '@elastic/elasticsearch'

import { AquiferError } from '../../core/errors.ts'
import { systemClock, type Clock } from '../../core/clock.ts'
import type { LexicalProjection } from '../../core/lexical.ts'
import type { Log } from '../../core/log.ts'
import { bulkOperations } from './bulk-operations.ts'
import { bulkWriteAll, type Rejections } from './bulk-write.ts'
import { checkServer } from './check-server.ts'
import { ask, type ElasticsearchContext } from './context.ts'
import { generationAlias } from './index-layout.ts'
import { manageIndices } from './indices.ts'
import { purgeTombstones } from './purge.ts'
import { readDocuments, removeDocuments } from './read-documents.ts'
import { filterOf, onlyChunks, searchChunks } from './search.ts'

export interface ElasticsearchOptions {
  /** May hold user and password. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly prefix: string
  readonly log: Log
  /** What only this ledger knows. Indices are marked with its digest, and another ledger's are refused (LEXICAL_FOREIGN). */
  readonly owner?: string | undefined
  readonly clock?: Clock
}

/** The lexical projection in Elasticsearch 9. Opens no connection before it is used. */
export function openElasticsearch(options: ElasticsearchOptions): LexicalProjection {
  let connection: Promise<Client> | undefined
  const context: ElasticsearchContext = {
    prefix: options.prefix,
    owner: options.owner === undefined ? undefined : digest(options.owner),
    log: options.log,
    clock: options.clock ?? systemClock,
    client: () => (connection ??= connect(options)),
  }
  const indices = manageIndices(context)
  const live = { term: { deleted: false } }

  return {
    name: 'elasticsearch',
    check: () => checkServer(context),
    prepare: (generation) => indices.prepare(generation),
    exists: (generation, languages = []) => indices.exists(generation, languages),
    drop: (generation) => indices.drop(generation),
    activate: (generation, keep = []) => indices.activate(generation, keep),
    write: async (generation, records) => {
      const rejections: Rejections = new Map()
      try {
        for (const language of new Set(records.map((record) => record.language)))
          await indices.ensure(generation, language)
        await bulkWriteAll(
          context,
          records.values().flatMap((record) => bulkOperations(options.prefix, generation, record)),
          rejections,
        )
      } catch (error) {
        indices.forget()
        throw error
      }
      return {
        rejected: [...rejections].map(([record, type]) => ({
          record,
          message: `Elasticsearch refused a passage of it (${type}).`,
        })),
      }
    },
    refresh: (generation) =>
      ask(context, async (client) => {
        await client.indices.refresh({ index: generationAlias(options.prefix, generation) })
      }),
    purge: (generation, sourceId, feed) => purgeTombstones(context, generation, sourceId, feed),
    documents: (args) => readDocuments(context, args),
    remove: (places) => removeDocuments(context, places),
    count: (generation, except = []) =>
      ask(context, async (client) => {
        const index = generationAlias(options.prefix, generation)
        const query = { bool: { filter: [live], must_not: [{ terms: { source_id: [...except] } }] } }
        return (await client.count({ index, query, ignore_unavailable: true })).count
      }),
    search: ({ text, filter, hidden, limit }) =>
      searchChunks(context, { text, filter: filterOf(filter, hidden), size: limit }),
    score: async (text, chunks): Promise<readonly ScoredChunk[]> =>
      searchChunks(context, { text, filter: onlyChunks(chunks), size: chunks.length }),
    [Symbol.asyncDispose]: async () => {
      await connection?.then(
        (client) => client.close(),
        () => {},
      )
    },
  }
}

async function connect({ url, apiKey, username, password }: ElasticsearchOptions): Promise<Client> {
  const { Client } = await import('@elastic/elasticsearch')
  if (!/^https?:/i.test(url) || !URL.canParse(url)) {
    throw new AquiferError('CONFIG_INVALID', '`lexical.elasticsearch.url` is not an http(s) URL.')
  }
  const node = new URL(url)
  const user = username ?? decodeURIComponent(node.username)
  const secret = password ?? decodeURIComponent(node.password)
  node.username = ''
  node.password = ''
  const auth = apiKey === undefined ? { username: user, password: secret } : { apiKey }
  return new Client({
    node: node.href,
    ...(apiKey === undefined && user === '' ? {} : { auth }),
    requestTimeout: 60_000,
    maxRetries: 0,
    enableMetaHeader: false,
  })
}

const digest = (owner: string): string => createHash('sha256').update(owner).digest('hex').slice(0, 32)
