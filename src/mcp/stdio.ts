import { Console } from 'node:console'
import type { Readable, Writable } from 'node:stream'
import { serveStdio as serve } from '@modelcontextprotocol/server/stdio'
import type { Caller } from '../core/caller.ts'
import { createServer } from './create-server.ts'
import type { Door } from './door.ts'
import { createFinishingTransport } from './finishing-transport.ts'

export interface StdioOptions extends Door {
  /** Whoever started the program. */
  readonly caller: Caller
  /** Ends the connection, cancelling the calls under way. */
  readonly signal?: AbortSignal
  readonly input?: Readable
  readonly output?: Writable
}

/** Serves MCP on standard input and output until the input ends; then answers what is under way and resolves. */
export async function serveStdio(options: StdioOptions): Promise<void> {
  using _ = quietStdout()
  const { transport, closed } = createFinishingTransport(
    options.input ?? process.stdin,
    options.output ?? process.stdout,
  )
  const connection = serve(() => createServer(options, options.caller), {
    transport,
    onerror: (error) => options.log.debug({ name: error.name }, 'an MCP message was refused'),
  })
  const stop = (): void => {
    connection.close().catch(() => {})
  }
  options.signal?.addEventListener('abort', stop, { once: true })
  if (options.signal?.aborted === true) stop()
  await closed
  options.signal?.removeEventListener('abort', stop)
}

/** Standard output belongs to the protocol: whatever a library prints goes to standard error meanwhile. */
function quietStdout(): Disposable {
  const before = globalThis.console
  globalThis.console = new Console(process.stderr)
  return {
    [Symbol.dispose]: () => {
      globalThis.console = before
    },
  }
}
