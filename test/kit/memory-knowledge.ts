import { setTimeout as sleep } from 'node:timers/promises'
import { type Caller, readableBy } from '../../src/core/caller.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Hit, Knowledge, RecordView, SearchRequest, SourceView } from '../../src/core/knowledge.ts'

export interface MemoryRecord {
  readonly id: string
  readonly title: string
  readonly text: string
  readonly url?: string
  readonly acl?: readonly string[]
  readonly fields?: RecordView['fields']
}

export interface MemoryKnowledge extends Knowledge {
  /** Every search asked for, with its signal, in order. */
  readonly searches: {
    readonly request: SearchRequest
    readonly caller: Caller
    readonly signal: AbortSignal | undefined
  }[]
}

interface Behaviour {
  readonly delayMs?: (request: SearchRequest) => number
  /** Thrown instead of an answer. */
  readonly fail?: (request: SearchRequest) => Error | undefined
  readonly notices?: readonly string[]
}

const freshness = { as_of: '2026-11-20T10:00:00.000Z', lag_ms: 1500 }

/** Our port `Knowledge` over a few records in memory, for tests of the doors: a record is found by any word of its text. */
export function memoryKnowledge(records: readonly MemoryRecord[], behaviour: Behaviour = {}): MemoryKnowledge {
  const searches: MemoryKnowledge['searches'] = []
  const readable = (record: MemoryRecord, caller: Caller): boolean => {
    const groups = readableBy(caller)
    return groups === undefined || (record.acl ?? ['*']).some((entry) => groups.includes(entry))
  }
  return {
    searches,
    search: async (request, caller, signal) => {
      searches.push({ request, caller, signal })
      await sleep(behaviour.delayMs?.(request) ?? 0, undefined, signal === undefined ? {} : { signal })
      const failure = behaviour.fail?.(request)
      if (failure !== undefined) throw failure
      const words = request.query.toLowerCase().split(/\W+/)
      const found = records.filter(
        (record) => readable(record, caller) && words.some((word) => record.text.toLowerCase().includes(word)),
      )
      const start = request.cursor === undefined ? 0 : Number(request.cursor)
      const end = start + (request.limit ?? 10)
      return {
        query: request.query,
        hits: found.slice(start, end).map((record, index) => toHit(record, start + index)),
        as_of: freshness.as_of,
        sources: [...new Set(found.slice(start, end).map(sourceOf))].map((source) => ({
          source,
          ...freshness,
          position: '7',
        })),
        notices: [...(behaviour.notices ?? [])],
        ...(end < found.length ? { next_cursor: String(end) } : {}),
      }
    },
    fetch: async (id, caller) => {
      const record = records.find((candidate) => candidate.id === id)
      if (record === undefined || !readable(record, caller)) {
        throw new AquiferError('RECORD_NOT_FOUND', 'There is no record with this id.')
      }
      return toRecord(record)
    },
    describe: async (caller) => {
      const mine = records.filter((record) => readable(record, caller))
      return [...new Set(mine.map(sourceOf))].map((name) => toSource(name, mine))
    },
  }
}

function sourceOf(record: MemoryRecord): string {
  return record.id.split(':')[0] ?? ''
}

function toHit(record: MemoryRecord, rank: number): Hit {
  return {
    ...toRecord(record),
    score: 1 / (rank + 1),
    passage: 0,
    legs: { lexical: { rank: rank + 1, score: 9 }, vector: { score: 0.5 } },
  }
}

function toRecord(record: MemoryRecord): RecordView {
  const { id, title, text, url = '', fields = {} } = record
  return { id, source: sourceOf(record), title, url, text, fields, position: '7', source_position: '8', ...freshness }
}

function toSource(name: string, mine: readonly MemoryRecord[]): SourceView {
  const own = mine.filter((record) => sourceOf(record) === name)
  return {
    name,
    type: 'files',
    state: 'idle',
    description: `About ${name}`,
    owner: `${name}@example.com`,
    fields: [...new Set(own.flatMap((record) => Object.keys(record.fields ?? {})))],
    position: '7',
    ledger_position: '7',
    ...freshness,
    freshness: 'ok',
    records: own.length,
    chunks: own.length,
    dead_letters: 0,
    deletes_checked_at: null,
    last_error: null,
    verified: null,
  }
}
