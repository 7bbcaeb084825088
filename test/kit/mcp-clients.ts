import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client, type ElicitRequestFormParams, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as OldHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { z } from 'zod'
import { openTempDir } from './temp-dir.ts'

/** A server to start, or one that runs. */
export type ServerTarget =
  | { readonly command: string; readonly args: readonly string[]; readonly env?: Record<string, string> }
  | { readonly url: string; readonly key?: string }

const Result = z.looseObject({
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
  _meta: z.record(z.string(), z.unknown()).optional(),
})
export type ToolResult = z.infer<typeof Result>
const Listed = z.looseObject({ tools: z.array(z.looseObject({ name: z.string() })) })

/** The part of an MCP client that tests need, whichever client it is. */
export interface McpClient extends AsyncDisposable {
  readonly protocol: string
  listTools(): Promise<readonly string[]>
  callTool(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<ToolResult>
}

const identity = { name: 'aquifer-test', version: '1.0.0' }

/** Answers a server's question with what is chosen in its form, or not at all. */
export type Chooser = (form: ElicitRequestFormParams) => Record<string, string> | undefined

/** The client of `@modelcontextprotocol/client`: 2026-07-28, or an older revision with `era: 'old'`. */
export async function openNewClient(
  target: ServerTarget,
  era: 'new' | 'old' = 'new',
  choose?: Chooser,
): Promise<McpClient> {
  const client = new Client(identity, {
    versionNegotiation: { mode: era === 'new' ? { pin: '2026-07-28' } : 'legacy' },
    ...(choose === undefined ? {} : { capabilities: { elicitation: { form: {} } } }),
  })
  if (choose !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }) => {
      if (params.mode === 'url') return { action: 'cancel' }
      const content = choose(params)
      return content === undefined ? { action: 'decline' } : { action: 'accept', content }
    })
  }
  await client.connect(
    'url' in target
      ? new StreamableHTTPClientTransport(mcpUrl(target), { requestInit: { headers: headersOf(target) } })
      : new StdioClientTransport({ ...target, args: [...target.args], env: envOf(target), stderr: 'inherit' }),
  )
  return {
    protocol: client.getNegotiatedProtocolVersion() ?? '',
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    callTool: async (name, args, signal) =>
      Result.parse(await client.callTool({ name, arguments: args }, signal === undefined ? {} : { signal })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** The client of `@modelcontextprotocol/sdk` 1, which most programs still use. */
export async function openOldClient(target: ServerTarget): Promise<McpClient> {
  const client = new OldClient(identity)
  const transport =
    'url' in target
      ? new OldHttpTransport(mcpUrl(target), { requestInit: { headers: headersOf(target) } })
      : new OldStdioTransport({ ...target, args: [...target.args], env: envOf(target), stderr: 'inherit' })
  await client.connect(transport)
  return {
    protocol: ('protocolVersion' in transport ? transport.protocolVersion : undefined) ?? '2025-11-25',
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    callTool: async (name, args, signal) =>
      Result.parse(await client.callTool({ name, arguments: args }, undefined, signal === undefined ? {} : { signal })),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const inspector = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector/package.json')).replace(
  'package.json',
  'clients/launcher/build/index.js',
)
const run = promisify(execFile)

/** The Inspector's command line; every call is a process of its own. */
export async function openInspector(target: ServerTarget): Promise<McpClient> {
  const home = await openTempDir()
  const inspect = async (...args: string[]): Promise<unknown> => {
    const where = 'url' in target ? [target.url, '--transport', 'http'] : [target.command, ...target.args]
    const key = 'url' in target && target.key !== undefined ? ['--header', `Authorization: Bearer ${target.key}`] : []
    const env = { ...process.env, HOME: home.path, ...('env' in target ? target.env : {}) }
    const { stdout } = await run(process.execPath, [inspector, '--cli', ...where, ...args, ...key], { env })
    return JSON.parse(stdout)
  }
  return {
    protocol: 'inspector',
    listTools: async () => Listed.parse(await inspect('--method', 'tools/list')).tools.map((tool) => tool.name),
    callTool: async (name, args) => {
      const given = Object.entries(args).flatMap(([key, value]) => [
        '--tool-arg',
        `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      ])
      return Result.parse(await inspect('--method', 'tools/call', '--tool-name', name, ...given))
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}

const FoundMetrics = z.object({ metrics: z.array(z.object({ name: z.string() })).min(1) })
const Found = z.object({ results: z.array(z.object({ id: z.string(), title: z.string(), url: z.string() })).min(1) })

/** Lists the tools and calls each of them, as an agent would: what search finds is fetched. Answers by tool name. */
export async function callEveryTool(
  client: McpClient,
  query: string,
): Promise<{ readonly names: readonly string[]; readonly answers: Readonly<Record<string, ToolResult>> }> {
  const names = await client.listTools()
  const found = await client.callTool('search', { query })
  const first = Found.parse(found.structuredContent).results[0]
  const calls: Record<string, ToolResult> = {
    search: found,
    fetch: await client.callTool('fetch', { id: first?.id }),
    search_knowledge: await client.callTool('search_knowledge', { query, limit: 3 }),
    describe_sources: await client.callTool('describe_sources', {}),
    ...(names.includes('query_metrics') ? await callMetricTools(client) : {}),
  }
  for (const name of names) if (!(name in calls)) throw new Error(`callEveryTool does not know the tool ${name}`)
  return { names, answers: calls }
}

/** What find_metrics lists is described and asked for. */
async function callMetricTools(client: McpClient): Promise<Record<string, ToolResult>> {
  const listed = await client.callTool('find_metrics', {})
  const name = FoundMetrics.parse(listed.structuredContent).metrics[0]?.name ?? ''
  return {
    find_metrics: listed,
    describe_metric: await client.callTool('describe_metric', { name }),
    query_metrics: await client.callTool('query_metrics', { metrics: [name] }),
  }
}

function mcpUrl(target: { readonly url: string }): URL {
  return new URL(target.url)
}

function headersOf(target: { readonly key?: string }): Record<string, string> {
  return target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
}

/** Servers are started as the tests are: with their environment. */
function envOf(target: { readonly env?: Record<string, string> }): Record<string, string> {
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(inherited), ...target.env }
}
