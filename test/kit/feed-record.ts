import { chunkAddress } from '../../src/core/chunk-address.ts'
import type { FeedRecord } from '../../src/core/ledger-feed.ts'

interface Given extends Partial<Omit<FeedRecord, 'chunks' | 'gone'>> {
  /** Text of each passage, by slot; undefined for a slot that is no longer used. */
  readonly texts?: readonly (string | undefined)[]
  readonly header?: string
}

/** A record of the feed that everybody may read; passages and tombstones by slot. */
export function feedRecord({ texts = [], header = '', ...given }: Given = {}): FeedRecord {
  const recordId = given.recordId ?? 1
  const slots = texts.map((text, slot) => ({ chunk: chunkAddress(recordId, slot), header, text }))
  return {
    recordId,
    sourceId: 1,
    source: 'handbook',
    key: `key-${recordId}`,
    feed: 1,
    language: 'english',
    acl: ['public'],
    facets: [],
    ...given,
    chunks: slots.flatMap(({ chunk, text }) => (text === undefined ? [] : [{ chunk, header, text }])),
    gone: slots.flatMap(({ chunk, text }) => (text === undefined ? [chunk] : [])),
  }
}
