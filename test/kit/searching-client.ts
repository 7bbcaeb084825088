import { setTimeout as sleep } from 'node:timers/promises'
import { openNewClient, type McpClient } from './mcp-clients.ts'

const pauseMs = 40

export interface Searched {
  /** Of each search, from when it was wanted to when it was answered, tries that failed included. */
  readonly tookMs: readonly number[]
  /** What tries that failed said. */
  readonly errors: readonly string[]
  /** How often the server was started again. */
  readonly restarts: number
}

/**
 * An MCP client that searches again and again, and starts its server anew when that dies, as an IDE does. A search fails
 * only from within: one that a dying server took with it is wanted again from the moment at which the new server listed
 * its tools.
 */
export interface SearchingClient {
  /** Ends after the search under way. */
  stop(): Promise<Searched>
}

export function startSearching(args: readonly string[], queries: readonly string[]): SearchingClient {
  const stop = new AbortController()
  const target = { command: process.execPath, args }
  const tookMs: number[] = []
  const errors: string[] = []
  let restarts = 0

  async function connect(): Promise<McpClient> {
    const client = await openNewClient(target)
    await client.listTools()
    return client
  }

  async function run(): Promise<Searched> {
    let client = await connect()
    for (let asked = 0; !stop.signal.aborted; asked++) {
      let wantedAt = performance.now()
      for (;;) {
        const answer = await ask(client, queries[asked % queries.length] ?? '')
        if (answer?.error === undefined && answer !== undefined) break
        if (answer === undefined) {
          restarts++
          client = await connect()
          wantedAt = performance.now()
        } else {
          errors.push(answer.error ?? '')
          await sleep(pauseMs)
        }
      }
      tookMs.push(performance.now() - wantedAt)
      await sleep(pauseMs)
    }
    await client[Symbol.asyncDispose]()
    return { tookMs, errors, restarts }
  }

  const running = run()
  return {
    stop: () => {
      stop.abort()
      return running
    },
  }
}

/** Undefined when the server died. */
async function ask(client: McpClient, query: string): Promise<{ readonly error: string | undefined } | undefined> {
  try {
    const { isError, content } = await client.callTool('search_knowledge', { query, limit: 3 })
    return { error: isError === true ? (content[0]?.text ?? 'no text') : undefined }
  } catch (thrown) {
    const text = String(thrown)
    return /connection closed|not connected/i.test(text) ? undefined : { error: text }
  }
}
