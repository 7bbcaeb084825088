import { setTimeout as sleep } from 'node:timers/promises'
import { openNewClient, type McpClient } from '../kit/mcp-clients.ts'
import { dimensions, type Item } from './item.ts'
import type { Kind, KindName } from './kinds/kind.ts'
import { program, supervise } from './processes.ts'

/** Times from a commit at a source until a search finds it in both stores, whatever was broken meanwhile. */
export interface Freshness extends AsyncDisposable {
  /** Writes a marker, with a word that nothing else holds, into one of the kind's sources. */
  mark(kind: Kind): Promise<void>
  isPending(kind: KindName): boolean
  /** Everything marked has been found, or the time is over. */
  settled(withinMs: number): Promise<boolean>
  readonly tookMs: ReadonlyMap<KindName, readonly number[]>
}

interface Marker {
  readonly kind: KindName
  readonly source: string
  readonly word: string
  readonly atMs: number
}

const lookEveryMs = 100
const markerKey = 'marker'

export async function openFreshness(dir: string, env: Readonly<Record<string, string>>): Promise<Freshness> {
  await using opened = new AsyncDisposableStack()
  let url: string | undefined
  opened.use(
    supervise({
      name: 'serve',
      args: [program, '--dir', dir, '--json', 'serve', '--http', '127.0.0.1:0'],
      dir,
      env,
      onLine: (line) => (url = /"mcp":"([^"]+)"/.exec(line)?.[1] ?? url),
    }),
  )
  const pending = new Map<KindName, Marker>()
  const tookMs = new Map<KindName, number[]>()
  let marked = 0
  const over = new AbortController()
  const looking = (async () => {
    let client: McpClient | undefined
    let clientUrl: string | undefined
    while (!over.signal.aborted) {
      for (const marker of pending.values()) {
        try {
          if (client === undefined || clientUrl !== url) {
            if (url === undefined) continue
            client = await openNewClient({ url })
            clientUrl = url
          }
          if (!(await isFound(client, marker))) continue
          const took = performance.now() - marker.atMs
          tookMs.set(marker.kind, [...(tookMs.get(marker.kind) ?? []), took])
          pending.delete(marker.kind)
        } catch {
          // It was started again, perhaps at another address.
          client = undefined
        }
      }
      await sleep(lookEveryMs)
    }
    await client?.[Symbol.asyncDispose]()
  })()
  opened.defer(async () => {
    over.abort()
    await looking
  })
  const stack = opened.move()
  return {
    mark: async (kind) => {
      const word = `mark${String(++marked)}x`
      const source = kind.sources[marked % kind.sources.length] ?? ''
      await kind.put(source, markerKey, markerItem(word))
      pending.set(kind.name, { kind: kind.name, source, word, atMs: performance.now() })
    },
    isPending: (kind) => pending.has(kind),
    settled: async (withinMs) => {
      for (const deadline = performance.now() + withinMs; pending.size > 0; await sleep(50)) {
        if (performance.now() > deadline) return false
      }
      return true
    },
    tookMs,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function markerItem(word: string): Item {
  const vector = Array.from({ length: dimensions }, (_, at) => (at % 2 === 0 ? 0.5 : -0.5))
  return { title: 'Marker', body: `ba0 bb0 bc0 ${word}`, status: 'open', amount: 0, readers: ['g1'], vector }
}

/** Whether the word leg has it, which asks Elasticsearch; its text comes from the ledger. */
async function isFound(client: McpClient, { source, word }: Marker): Promise<boolean> {
  const { structuredContent } = await client.callTool('search_knowledge', {
    query: word,
    sources: [source],
    limit: 3,
    explain: true,
  })
  // The client has checked it against the tool's own schema.
  const { hits } = (structuredContent ?? { hits: [] }) as unknown as {
    hits: readonly { id: string; text: string; legs?: { lexical?: object } }[]
  }
  return hits.some(({ id, text, legs }) => id.includes(markerKey) && text.includes(word) && legs?.lexical !== undefined)
}
