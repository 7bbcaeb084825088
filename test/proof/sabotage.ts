import type { FeedRecord } from '../../src/core/ledger-feed.ts'
import type { ChunkWrite, RecordWrite } from '../../src/core/ledger-sync.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { bulkOperations } from '../../src/stores/elasticsearch/bulk-operations.ts'

export interface Ports {
  readonly ledger: Ledger
  readonly projection: LexicalProjection
  /** For what goes past the projection: its URL and the prefix of its indices. */
  readonly elasticsearch: { readonly url: string; readonly prefix: string }
  /** How often this process's forerunners ended. */
  readonly restarts: number
}

type Broken = Partial<Pick<Ports, 'ledger' | 'projection'>>

/** Each does one thing wrong that a sync engine can get wrong, and leaves the rest alone. */
const sabotages = {
  'dropped-tombstone': ({ ledger }) => ({
    ledger: { ...ledger, commit: (batch) => ledger.commit({ ...batch, deletes: [] }) },
  }),
  'lost-batch': ({ ledger }) => {
    let batches = 0
    return {
      ledger: {
        ...ledger,
        commit: (batch) => ledger.commit(++batches > 6 && batches % 2 === 0 ? { ...batch, puts: [] } : batch),
      },
    }
  },
  'lost-vector': ({ ledger }) => ({
    ledger: {
      ...ledger,
      commit: (batch) =>
        ledger.commit({
          ...batch,
          puts: batch.puts.map((put, at) => (at % 3 === 0 ? { ...put, chunks: put.chunks.map(withoutVector) } : put)),
        }),
    },
  }),
  'cursor-ahead': ({ ledger, restarts }) => {
    let batches = 0
    return {
      ledger: {
        ...ledger,
        commit: async ({ checkpoint, ...batch }) => {
          const size = batch.puts.length + batch.deletes.length
          if (checkpoint !== undefined && size > 0) {
            await ledger.commit({
              ...batch,
              id: `${batch.id} ahead`,
              puts: [],
              deletes: [],
              deadLetters: [],
              checkpoint,
            })
            // The machine fails in between, now and then.
            if (restarts < 4 && ++batches % 3 === 0) process.kill(process.pid, 'SIGKILL')
          }
          return ledger.commit(size > 0 || checkpoint === undefined ? batch : { ...batch, checkpoint })
        },
      },
    }
  },
  'revived-delete': ({ ledger }) => {
    const seen = new Map<string, RecordWrite>()
    return {
      ledger: {
        ...ledger,
        commit: async (batch) => {
          const result = await ledger.commit(batch)
          for (const put of batch.puts) seen.set(`${String(batch.sourceId)} ${put.key}`, put)
          const puts = batch.deletes.flatMap(({ key }) => seen.get(`${String(batch.sourceId)} ${key}`) ?? [])
          const { checkpoint: _, ...rest } = batch
          // A late copy of the put that the delete came after.
          if (puts.length > 0) await ledger.commit({ ...rest, id: `${batch.id} late`, puts, deletes: [] })
          return result
        },
      },
    }
  },
  'stale-acl': ({ projection }) => {
    const first = new Map<number, readonly string[]>()
    const old = (record: FeedRecord): FeedRecord => {
      const acl = first.get(record.recordId) ?? record.acl
      if (record.chunks.length > 0) first.set(record.recordId, acl)
      return { ...record, acl }
    }
    return {
      projection: { ...projection, write: (generation, records) => projection.write(generation, records.map(old)) },
    }
  },
  'skipped-feed-number': ({ ledger }) => ({
    ledger: {
      ...ledger,
      feedPage: async (args) => {
        const page = await ledger.feedPage(args)
        return { ...page, records: page.records.filter(({ feed }) => feed % 5 !== 0) }
      },
    },
  }),
  'kept-passage': ({ projection }) => ({
    projection: {
      ...projection,
      write: (generation, records) =>
        projection.write(
          generation,
          records.map((record) => ({ ...record, gone: [] })),
        ),
    },
  }),
  'unversioned-write': ({ projection, elasticsearch }) => {
    const before = new Map<number, FeedRecord>()
    return {
      projection: {
        ...projection,
        write: async (generation, records) => {
          const result = await projection.write(generation, records)
          const late = records.flatMap(({ recordId }) => before.get(recordId) ?? [])
          await writeUnversioned(elasticsearch, generation, late)
          for (const record of records) before.set(record.recordId, record)
          return result
        },
      },
    }
  },
} satisfies Readonly<Record<string, (ports: Ports) => Broken>>

export type SabotageName = keyof typeof sabotages

// The keys of an object literal are its type's.
export const sabotageNames = Object.keys(sabotages) as readonly SabotageName[]

export function sabotage(name: SabotageName, ports: Ports): Pick<Ports, 'ledger' | 'projection'> {
  const broken: Broken = sabotages[name](ports)
  return { ledger: broken.ledger ?? ports.ledger, projection: broken.projection ?? ports.projection }
}

function withoutVector({ header, text, hash }: ChunkWrite): ChunkWrite {
  return { header, text, hash }
}

/** The documents of these records as they were, whatever is newer by now. */
async function writeUnversioned(
  { url, prefix }: Ports['elasticsearch'],
  generation: number,
  records: readonly FeedRecord[],
): Promise<void> {
  const lines = records
    .flatMap((record) => [...bulkOperations(prefix, generation, record)])
    .flatMap(({ action, document }) => {
      // What the program itself wrote, two lines above.
      const { index } = JSON.parse(action) as { index: object }
      return [JSON.stringify({ index: { ...index, version: undefined, version_type: undefined } }), document]
    })
  if (lines.length === 0) return
  const headers = { 'content-type': 'application/x-ndjson' }
  await fetch(`${url}/_bulk?refresh=true`, { method: 'POST', headers, body: `${lines.join('\n')}\n` })
}
