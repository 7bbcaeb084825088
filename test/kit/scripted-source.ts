import { z } from 'zod'
import type { Change } from '../../schemas/record.ts'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import type { Indexer, IndexerType, OpenOptions } from '../../src/core/indexer.ts'

/** A source in memory that reads everything each time, and does what a test wants in the middle of it. */
export interface ScriptedSource {
  readonly type: IndexerType
  readonly items: Map<string, string>
  /** After so many items a read hands over a partial checkpoint. */
  partialAfter: number
  /** Called before each item with how many came before it in this read. */
  beforeItem: (count: number, signal: AbortSignal) => void | Promise<void>
  reads: number
  /** Why an item is rejected, by key. */
  readonly rejects: Map<string, string>
  /** Whether items can be read by their keys. */
  readsByKey: boolean
  /** Keys that were read alone. */
  readonly readAlone: string[]
}

export function scriptedSource(items: Readonly<Record<string, string>> = {}): ScriptedSource {
  const source: ScriptedSource = {
    type: {
      type: 'scripted',
      source: z.unknown(),
      deletes: 'by comparison',
      open: async (_connection, options) => openScripted(source, options),
    },
    items: new Map(Object.entries(items)),
    partialAfter: Infinity,
    beforeItem: () => {},
    reads: 0,
    rejects: new Map(),
    readsByKey: true,
    readAlone: [],
  }
  return source
}

function openScripted(script: ScriptedSource, { sources, digest, signal }: OpenOptions<unknown>): Indexer {
  const [source = ''] = Object.keys(sources)
  const inOrder = (): [string, string][] => [...script.items].toSorted(([a], [b]) => compareUtf8(a, b))
  const changeOf = (key: string, text: string, position: string): Change => {
    const message = script.rejects.get(key)
    if (message !== undefined) return { kind: 'reject', source, key, position, code: 'FILE_UNREADABLE', message }
    return { kind: 'put', source, key, position, digest: digest(text), content: contentOf(text) }
  }
  return {
    ...(script.readsByKey
      ? {
          async *read(_source, keys) {
            script.readAlone.push(...keys)
            for (const key of keys) {
              const text = script.items.get(key)
              if (text === undefined) yield { kind: 'delete', source, key, position: 'alone' }
              else yield changeOf(key, text, 'alone')
            }
          },
        }
      : {}),
    async *changes() {
      const position = `read ${String(++script.reads)}`
      const checkpoint = {
        kind: 'checkpoint',
        source,
        position,
        cursor: script.reads,
        asOf: new Date().toISOString(),
      } as const
      for (const [count, [key, text]] of inOrder().entries()) {
        await script.beforeItem(count, signal)
        yield changeOf(key, text, position)
        if (count + 1 === script.partialAfter) yield { ...checkpoint, partial: true }
      }
      yield checkpoint
    },
    async *keys(_source, { from = '' }) {
      for (const [key] of inOrder()) if (compareUtf8(key, from) >= 0) yield { key }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** A row with its readers after a bar, or a file of JSON. */
function contentOf(text: string): Extract<Change, { kind: 'put' }>['content'] {
  if (text.startsWith('{'))
    return { kind: 'document', document: { path: 'a.json', mediaType: 'application/json', text } }
  const [body = '', readers] = text.split('|')
  return { kind: 'row', row: { text: body, ...(readers === undefined ? {} : { readers }) } }
}
