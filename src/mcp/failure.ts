import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Caller } from '../core/caller.ts'
import { type AquiferError, type ErrorView, toErrorView } from '../core/errors.ts'

/**
 * A failed call as its caller may see it: a result with code, message and fix, without structured content, which
 * clients would check against the output schema. A bug is thrown as -32603 without detail.
 */
export function failureResult(error: AquiferError, caller: Caller): CallToolResult {
  if (error.kind === 'bug') throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error')
  const text = JSON.stringify({ error: viewFor(error, caller) })
  return { content: [{ type: 'text', text }], isError: true }
}

/** The operator sees everything; others only what is theirs to mend, since places of stores are nobody else's business. */
function viewFor(error: AquiferError, caller: Caller): ErrorView {
  const view = toErrorView(error)
  const theirs = error.kind === 'input' || error.kind === 'not-found' || error.code === 'CALLER_BUSY'
  if (caller.admin || theirs) return view
  if (error.kind === 'forbidden') return { ...view, message: 'This caller may not do that.' }
  return {
    code: view.code,
    message: 'The service cannot answer this right now.',
    fix: 'Try again in a few seconds; if it repeats, tell whoever runs this server.',
  }
}
