import { PassThrough, type Readable, type Writable } from 'node:stream'
import {
  type JSONRPCMessage,
  type RequestId,
  type Transport,
  isJSONRPCNotification,
  isJSONRPCRequest,
} from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'

/** Longest wait for answers once the input has ended. */
const finishMs = 5000

/**
 * Standard input and output as a transport that, when its input ends, first answers the requests under way: what is
 * piped in gets its answers. `closed` resolves when it is over.
 */
export function createFinishingTransport(
  input: Readable,
  output: Writable,
): { readonly transport: Transport; readonly closed: Promise<void> } {
  const open = new Set<RequestId>()
  const lines = new PassThrough()
  const inner = new StdioServerTransport(lines, output)
  const closed = Promise.withResolvers<void>()
  let ended = false

  const end = (): void => {
    ended = true
    // One turn later the last lines have been handed over.
    setImmediate(endWhenAnswered)
    setTimeout(() => lines.end(), finishMs).unref()
  }
  const endWhenAnswered = (): void => {
    if (ended && open.size === 0) lines.end()
  }
  const transport: Transport = {
    start: async () => {
      Object.assign(inner, { onmessage: receive, onerror: report, onclose: finish })
      await inner.start()
      input.once('end', end).once('close', end).once('error', end)
      input.pipe(lines, { end: false })
    },
    send: async (message) => {
      await inner.send(message)
      if ('id' in message && !('method' in message) && message.id !== undefined) open.delete(message.id)
      endWhenAnswered()
    },
    close: () => inner.close(),
  }
  const receive = (message: JSONRPCMessage): void => {
    // A subscription stays open for as long as the connection.
    if (isJSONRPCRequest(message) && message.method !== 'subscriptions/listen') open.add(message.id)
    else if (isJSONRPCNotification(message)) forgetCancelled(message.method, message.params)
    transport.onmessage?.(message)
  }
  const forgetCancelled = (method: string, params: Readonly<Record<string, unknown>> | undefined): void => {
    const id = params?.['requestId']
    if (method !== 'notifications/cancelled' || (typeof id !== 'string' && typeof id !== 'number')) return
    open.delete(id)
    endWhenAnswered()
  }
  const report = (error: Error): void => transport.onerror?.(error)
  const finish = (): void => {
    input.unpipe(lines)
    input.pause()
    transport.onclose?.()
    closed.resolve()
  }
  return { transport, closed: closed.promise }
}
