import { McpServer } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import { callTool } from './call-tool.ts'
import type { Door } from './door.ts'
import { instructionsOf } from './instructions.ts'
import { toolsOf } from './tool-list.ts'
import { userOf } from './user.ts'

/**
 * An MCP server that acts for one caller; make a new one for every request or connection. Its two handlers are set
 * directly: McpServer's own would convert all schemas again for each server, and show the message of any error.
 */
export function createServer(door: Door, caller: Caller): McpServer {
  const mcp = new McpServer(
    { name: 'aquifer', title: 'Aquifer', version: door.version },
    { instructions: instructionsOf(door), cacheHints: { 'tools/list': { ttlMs: 300_000, cacheScope: 'private' } } },
  )
  mcp.server.registerCapabilities({ tools: {} })
  mcp.server.setRequestHandler('tools/list', () => ({ tools: [...toolsOf(door).definitions] }))
  mcp.server.setRequestHandler('tools/call', ({ params }, { mcpReq }) =>
    callTool(door, {
      name: params.name,
      args: params.arguments,
      caller,
      signal: mcpReq.signal,
      user: userOf(mcpReq),
    }),
  )
  return mcp
}
