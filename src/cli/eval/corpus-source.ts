import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SourceConfig } from '../../core/config.ts'
import { compareUtf8 } from '../../core/byte-order.ts'
import type { IndexerType } from '../../core/indexer.ts'
import type { SourceGroup } from '../../pipeline/source-job.ts'
import { readCorpus } from './read-dataset.ts'

const corpusName = 'corpus'

const config: SourceConfig = {
  name: corpusName,
  type: 'corpus',
  connection: undefined,
  options: {},
  mapping: { title: '{title}', text: '{text}', fields: [], acl: { public: true } },
  language: 'english',
  owner: undefined,
  description: undefined,
  freshness: { warnMs: undefined, errorMs: undefined },
  everyMs: 1000,
  compareMs: 1000,
}

/** The documents of a dataset as a source of its own, read by the same pipeline as any other. */
export function corpusGroup(path: string): SourceGroup {
  const type: IndexerType = {
    type: 'corpus',
    source: z.unknown(),
    // A dataset is a fixed thing: nothing is ever deleted from it.
    deletes: 'streamed',
    open: async (_connection, { digest }) => ({
      async *changes() {
        const place = { source: corpusName, position: path }
        for await (const { id, title, text } of readCorpus(path)) {
          yield {
            kind: 'put',
            ...place,
            key: id,
            digest: digest(`${title}\n${text}`),
            content: { kind: 'row', row: { title, text } },
          }
        }
        yield { kind: 'checkpoint', ...place, cursor: null, asOf: new Date().toISOString() }
      },
      async *keys() {
        const ids: string[] = []
        for await (const { id } of readCorpus(path)) ids.push(id)
        for (const key of ids.toSorted(compareUtf8)) yield { key }
      },
      async [Symbol.asyncDispose]() {},
    }),
  }
  const digest = createHash('sha256').update(path).digest('hex')
  const jobs = [{ config, mappingDigest: 'corpus-1', optionsDigest: digest }]
  return { type, connection: () => Promise.resolve(undefined), jobs, configured: jobs }
}

export const corpusSources: Readonly<Record<string, SourceConfig>> = { [corpusName]: config }
