import { ProtocolError, ProtocolErrorCode, inputRequired } from '@modelcontextprotocol/server'
import type { CallToolResult, InputRequiredResult } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import { AquiferError, toAquiferError } from '../core/errors.ts'
import type { Door } from './door.ts'
import { describeCause } from './describe-cause.ts'
import { failureResult } from './failure.ts'
import type { Tool, ToolContext } from './tool.ts'
import { toolsOf } from './tool-list.ts'
import { QuestionSignal, questionKey, type User } from './user.ts'

interface Call {
  readonly name: string
  readonly args: unknown
  readonly caller: Caller
  readonly signal: AbortSignal
  readonly user: User
}

/**
 * One tools/call: the tool's output as structured content and as one text item, a failure with its fix, or a question
 * to the user.
 */
export async function callTool(door: Door, call: Call): Promise<CallToolResult | InputRequiredResult> {
  const { tools } = toolsOf(door)
  const tool = tools.find(({ name }) => name === call.name)
  if (tool === undefined) {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool ${JSON.stringify(call.name.slice(0, 60))}; there are ${tools.map(({ name }) => name).join(', ')}.`,
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

async function runTool(door: Door, tool: Tool, call: Call): Promise<CallToolResult | InputRequiredResult> {
  const notices: string[] = []
  const { caller, signal, user } = call
  const { knowledge, numbers = noMetrics } = door
  const notice = (text: string): void => void notices.push(text)
  const output = await tool
    .run(call.args, { knowledge, numbers, caller, signal, user, notice })
    .catch((thrown: unknown) => asked(thrown))
  if (output instanceof QuestionSignal) return inputRequired({ inputRequests: { [questionKey]: output.request } })
  return {
    content: [{ type: 'text', text: JSON.stringify(output) }],
    structuredContent: output,
    ...(notices.length === 0 ? {} : { _meta: { 'aquifer/notices': notices } }),
  }
}

const noMetrics: ToolContext['numbers'] = () =>
  Promise.reject(new AquiferError('METRICS_NONE', 'The configuration names no metrics.'))

function asked(thrown: unknown): QuestionSignal {
  if (thrown instanceof QuestionSignal) return thrown
  throw thrown
}

function logFailure(door: Door, tool: Tool, caller: Caller, error: AquiferError): void {
  const details = { tool: tool.name, caller: caller.id, code: error.code }
  if (error.kind === 'bug') door.log.error({ ...details, cause: describeCause(error.cause) }, 'a tool call failed')
  else if (error.kind === 'input' || error.kind === 'not-found' || error.code === 'CANCELLED') {
    door.log.debug(details, 'a tool call was refused')
  } else door.log.warn(details, 'a tool call could not be answered')
}
