/** An MCP server over HTTP whose one tool returns the bytes it was started with: `node bench/kit/noop-server.ts FILE`. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'

const file = process.argv[2]
if (file === undefined) throw new Error('name the file that holds the answer')
const answer: unknown = JSON.parse(readFileSync(file, 'utf8'))

const handler = createMcpHandler(() => {
  const mcp = new McpServer({ name: 'noop', version: '1.0.0' })
  mcp.server.registerCapabilities({ tools: {} })
  // The bytes are those of a real answer.
  mcp.server.setRequestHandler('tools/call', () => answer as { content: [] })
  mcp.server.setRequestHandler('tools/list', () => ({ tools: [] }))
  return mcp
})
const answerWith = async (response: ServerResponse, request: Request): Promise<void> => {
  const reply = await handler.fetch(request)
  response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(Buffer.from(await reply.arrayBuffer()))
}
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    )
    const body = Buffer.concat(chunks)
    const method = request.method ?? 'GET'
    const init = body.length === 0 ? { method, headers } : { method, headers, body }
    void answerWith(response, new Request('http://localhost/mcp', init))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}\n`)
})
