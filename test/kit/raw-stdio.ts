import { PassThrough } from 'node:stream'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Knowledge } from '../../src/core/knowledge.ts'
import { createCallGate } from '../../src/mcp/call-gate.ts'
import type { AskedNumbers } from '../../src/mcp/door.ts'
import { serveStdio } from '../../src/mcp/stdio.ts'
import { admin } from './mcp-door.ts'
import { openTestLog } from './test-log.ts'

const Message = z.looseObject({ jsonrpc: z.literal('2.0'), id: z.union([z.string(), z.number()]).optional() })

export interface RawStdio {
  readonly input: PassThrough
  /** Everything written to standard output, a message a line. */
  readonly messages: z.infer<typeof Message>[]
  readonly stop: AbortController
  /** Resolves when serving has ended. */
  readonly served: Promise<void>
  readonly send: (message: object) => void
}

/** The stdio door on streams in memory, spoken to in JSON-RPC as it goes over the wire. */
export function openRawStdio(knowledge: () => Promise<Knowledge>, numbers?: AskedNumbers): RawStdio {
  const input = new PassThrough()
  const output = new PassThrough()
  const stop = new AbortController()
  const messages: RawStdio['messages'] = []
  createInterface({ input: output }).on('line', (line) => messages.push(Message.parse(JSON.parse(line))))
  const served = serveStdio({
    knowledge,
    ...(numbers === undefined ? {} : { numbers: async () => numbers }),
    gate: createCallGate(),
    log: openTestLog(),
    version: '1.2.3',
    caller: admin,
    input,
    output,
    signal: stop.signal,
  })
  return { input, messages, stop, served, send: (message) => void input.write(`${JSON.stringify(message)}\n`) }
}

/** What an old client says first. */
export function initialize(protocolVersion: string): object {
  const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'raw', version: '1' } }
  return { jsonrpc: '2.0', id: 'init', method: 'initialize', params }
}

export function toolCall(id: number | string, name: string, args: object): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } }
}
