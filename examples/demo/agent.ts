import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'
import { DemoStopped } from './demo-stopped.ts'

const Hit = z.object({
  id: z.string(),
  source: z.string(),
  title: z.string(),
  url: z.string(),
  text: z.string(),
  as_of: z.string(),
  lag_ms: z.number(),
  fields: z.record(z.string(), z.unknown()).optional(),
})
export type Hit = z.infer<typeof Hit>
const Found = z.object({ hits: z.array(Hit) })

const Source = z.object({
  name: z.string(),
  records: z.number(),
  as_of: z.string().nullable(),
  lag_ms: z.number().nullable(),
  freshness: z.string(),
})
export type Source = z.infer<typeof Source>
const Described = z.object({ sources: z.array(Source) })

const Refused = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** An MCP client that uses the tools as an agent would. */
export interface Agent extends AsyncDisposable {
  readonly tools: readonly string[]
  search(query: string, limit: number): Promise<readonly Hit[]>
  sources(): Promise<readonly Source[]>
  /** What `fetch` says to an id that is not there. */
  refusal(id: string): Promise<string>
}

/** A server to start, or one that runs, with the key to show it. */
export type AgentTarget =
  | { readonly command: string; readonly args: readonly string[] }
  | { readonly url: string; readonly key: string }

export async function openAgent(target: AgentTarget, signal: AbortSignal): Promise<Agent> {
  const client = new Client(
    { name: 'aquifer-demo', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await attempt('aquifer serve', client.connect(transportTo(target), { signal }))
  const call = (name: string, args: Record<string, unknown>) =>
    attempt(`The tool ${name}`, client.callTool({ name, arguments: args }, { signal }))
  const ask = async <T>(schema: z.ZodType<T>, name: string, args: Record<string, unknown>): Promise<T> => {
    const answer = await call(name, args)
    if (answer.isError === true) throw new DemoStopped(`The tool ${name} answered: ${JSON.stringify(answer.content)}`)
    return schema.parse(answer.structuredContent)
  }
  const { tools } = await attempt('tools/list', client.listTools({}, { signal }))
  return {
    tools: tools.map(({ name }) => name),
    search: async (query, limit) => (await ask(Found, 'search_knowledge', { query, limit, token_budget: 2000 })).hits,
    sources: async () => (await ask(Described, 'describe_sources', {})).sources,
    refusal: async (id) => {
      const answer = await call('fetch', { id })
      const [content] = answer.content
      if (answer.isError !== true || content?.type !== 'text') throw new DemoStopped(`${id} can still be fetched.`)
      const { error } = Refused.parse(JSON.parse(content.text))
      return `${error.code}: ${error.message}`
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

async function attempt<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DemoStopped(`${what} did not answer: ${reason}`, { cause })
  }
}

function transportTo(target: AgentTarget): StdioClientTransport | StreamableHTTPClientTransport {
  if ('command' in target) return new StdioClientTransport({ ...target, args: [...target.args], stderr: 'inherit' })
  const headers = { Authorization: `Bearer ${target.key}` }
  return new StreamableHTTPClientTransport(new URL(target.url), { requestInit: { headers } })
}
