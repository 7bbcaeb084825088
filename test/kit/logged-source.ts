import { z } from 'zod'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import type { Indexer, IndexerType, OpenOptions } from '../../src/core/indexer.ts'
import { systemClock } from '../../src/core/clock.ts'
import { pseudoVector } from './pseudo-vector.ts'

/** A source in memory with a log: a read from a cursor gives only what was written since, so it mends nothing by itself. */
export interface LoggedSource {
  readonly type: IndexerType
  readonly items: ReadonlyMap<string, string>
  set(key: string, text: string): void
  delete(key: string): void
  /** Called before each key of a walk over all of them. */
  beforeKey: (key: string) => void | Promise<void>
  /** Keys that are given as rejected instead of put. */
  readonly rejected: Set<string>
  /** Reads without a cursor. */
  fullReads: number
}

export function loggedSource(items: Readonly<Record<string, string>> = {}): LoggedSource {
  const held = new Map(Object.entries(items))
  const log: string[] = []
  const source: LoggedSource = {
    type: {
      type: 'logged',
      source: z.unknown(),
      deletes: 'streamed',
      open: async (_connection, options) => openLogged(source, log, options),
    },
    items: held,
    set: (key, text) => {
      held.set(key, text)
      log.push(key)
    },
    delete: (key) => {
      held.delete(key)
      log.push(key)
    },
    beforeKey: () => {},
    rejected: new Set(),
    fullReads: 0,
  }
  return source
}

function openLogged(script: LoggedSource, log: readonly string[], options: OpenOptions<unknown>): Indexer {
  const { sources, digest, signal, until } = options
  const [source = ''] = Object.keys(sources)
  const change = (key: string, position: string): object => {
    const text = script.items.get(key)
    if (text === undefined) return { kind: 'delete', source, key, position }
    if (script.rejected.has(key))
      return { kind: 'reject', source, key, position, code: 'RECORD_INVALID', message: 'no' }
    const vector = JSON.stringify([...pseudoVector(text, 8)])
    const content = { kind: 'row', row: { text, readers: 'staff', vector } }
    return { kind: 'put', source, key, position, digest: digest(text), content }
  }
  return {
    async *changes(after) {
      const cursor = after[source]
      if (cursor === undefined) script.fullReads++
      for (let at = typeof cursor === 'number' ? cursor : undefined; !signal.aborted;) {
        const asOf = new Date().toISOString()
        const end = log.length
        const keys = at === undefined ? [...script.items.keys()] : log.slice(at, end)
        // Built field by field above, as an indexer's author would.
        for (const key of keys) yield change(key, String(end)) as never
        yield { kind: 'checkpoint', source, position: String(end), cursor: end, asOf }
        at = end
        if (until === 'now') return
        await systemClock.sleep(50, signal)
      }
    },
    async *keys() {
      for (const key of [...script.items.keys()].toSorted(compareUtf8)) {
        await script.beforeKey(key)
        const text = script.items.get(key)
        if (text !== undefined) yield { key, digest: digest(text) }
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
