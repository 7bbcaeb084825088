import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { Door } from './door.ts'
import { describeCause } from './describe-cause.ts'
import { failureResult } from './failure.ts'
import type { Tool } from './tool.ts'
import { tools } from './tool-list.ts'

const toolsByName: ReadonlyMap<string, Tool> = new Map(tools.map((tool) => [tool.name, tool]))

interface Call {
  readonly name: string
  readonly args: unknown
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** One tools/call: the tool's output as structured content and as one text item, or a failure with its fix. */
export async function callTool(door: Door, call: Call): Promise<CallToolResult> {
  const tool = toolsByName.get(call.name)
  if (tool === undefined) {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool ${JSON.stringify(call.name.slice(0, 60))}; there are ${[...toolsByName.keys()].join(', ')}.`,
    )
  }
  const started = performance.now()
  try {
    const result = await door.gate.run(call.caller, call.signal, () => runTool(door, tool, call))
    door.observe?.({ tool: tool.name, seconds: (performance.now() - started) / 1000 })
    return result
  } catch (thrown) {
    const error = call.signal.aborted
      ? new AquiferError('CANCELLED', 'The call was cancelled.', { cause: thrown })
      : toAquiferError(thrown)
    door.observe?.({ tool: tool.name, seconds: (performance.now() - started) / 1000, error: error.code })
    logFailure(door, tool, call.caller, error)
    return failureResult(error, call.caller)
  }
}

async function runTool(door: Door, tool: Tool, call: Call): Promise<CallToolResult> {
  const notices: string[] = []
  const knowledge = await door.knowledge()
  const { caller, signal } = call
  const output = await tool.run(call.args, { knowledge, caller, signal, notice: (text) => notices.push(text) })
  return {
    content: [{ type: 'text', text: JSON.stringify(output) }],
    structuredContent: output,
    ...(notices.length === 0 ? {} : { _meta: { 'aquifer/notices': notices } }),
  }
}

function logFailure(door: Door, tool: Tool, caller: Caller, error: AquiferError): void {
  const details = { tool: tool.name, caller: caller.id, code: error.code }
  if (error.kind === 'bug') door.log.error({ ...details, cause: describeCause(error.cause) }, 'a tool call failed')
  else if (error.kind === 'input' || error.kind === 'not-found' || error.code === 'CANCELLED') {
    door.log.debug(details, 'a tool call was refused')
  } else door.log.warn(details, 'a tool call could not be answered')
}
