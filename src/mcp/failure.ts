import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import type { AquiferError } from '../core/errors.ts'
import { viewFor } from './view-for.ts'

/**
 * A failed call as its caller may see it: a result with code, message and fix, without structured content, which
 * clients would check against the output schema. A bug is thrown as -32603 without detail.
 */
export function failureResult(error: AquiferError, caller: Caller): CallToolResult {
  if (error.kind === 'bug') throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error')
  const text = JSON.stringify({ error: viewFor(error, caller) })
  return { content: [{ type: 'text', text }], isError: true }
}
