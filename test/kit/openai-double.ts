import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { pseudoVector } from './pseudo-vector.ts'

/**
 * A stand-in for an embedding service that speaks OpenAI's protocol over HTTP: deterministic vectors, faults on demand, and
 * a count of what was asked. Alone: `node test/kit/openai-double.ts PORT DIMENSIONS`.
 */
export interface OpenAiDouble extends AsyncDisposable {
  readonly baseUrl: string
  readonly calls: readonly Call[]
  readonly counts: { readonly requests: number; readonly inputs: number; readonly mostAtOnce: number }
  /** The next requests meet these faults, one each, in order. */
  next(...faults: readonly Fault[]): void
  /** Every request meets this from now on, unless it has a fault of its own. */
  always(fault: Fault): void
}

export interface Call {
  readonly inputs: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: IncomingMessage['headers']
}

/** What a request meets instead of the usual answer; undefined leaves it alone. */
export type Fault = (call: Call) => Promise<Reply | undefined> | Reply | undefined
export type Reply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'reset'
  | 'stall'

export interface OpenAiDoubleOptions {
  readonly port?: number
  /** Of the vectors, where a request does not say; 384. */
  readonly dimensions?: number
  /** Keeps the calls for inspection; off for long runs. */
  readonly keepCalls?: boolean
}

export async function openOpenAiDouble(options: OpenAiDoubleOptions = {}): Promise<OpenAiDouble> {
  const { port = 0, dimensions = 384, keepCalls = true } = options
  const script: Fault[] = []
  const calls: Call[] = []
  const counts = { requests: 0, inputs: 0, mostAtOnce: 0 }
  let rule: Fault | undefined
  let atOnce = 0

  const answer = async (call: Call): Promise<Reply> => {
    counts.mostAtOnce = Math.max(counts.mostAtOnce, ++atOnce)
    try {
      const fault = script.shift() ?? rule
      return (await fault?.(call)) ?? { status: 200, body: embeddingsFor(call, dimensions) }
    } finally {
      atOnce--
    }
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Our own client's request, or a test's: a double need not doubt it.
    const body = (await json(request)) as { input: string | string[] }
    const call: Call = { inputs: [body.input].flat(), body, headers: request.headers }
    if (keepCalls) calls.push(call)
    counts.requests++
    counts.inputs += call.inputs.length
    const reply = await answer(call)
    if (reply === 'reset') return void request.socket.resetAndDestroy()
    if (reply === 'stall')
      return void response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":[')
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((thrown: unknown) => response.writeHead(500).end(String(thrown)))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return {
    baseUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}/v1`,
    calls,
    counts,
    next: (...faults) => script.push(...faults),
    always: (fault) => {
      rule = fault
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Embeddings {
  readonly object: 'list'
  readonly model: unknown
  readonly data: readonly { readonly object: 'embedding'; readonly index: number; readonly embedding: unknown }[]
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number }
}

/** The usual answer; a fault may alter it. Counts one token a word. */
function embeddingsFor({ inputs, body }: Call, dimensions: number): Embeddings {
  const length = typeof body['dimensions'] === 'number' ? body['dimensions'] : dimensions
  const tokens = inputs.reduce((sum, text) => sum + text.split(/\s+/).length, 0)
  const encode = (vector: Float32Array<ArrayBuffer>): unknown =>
    body['encoding_format'] === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector]
  return {
    object: 'list',
    model: body['model'],
    data: inputs.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: encode(pseudoVector(text, length)),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

/** An error as OpenAI words it. */
export function failWith(
  status: number,
  error: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Fault {
  return () => ({
    status,
    body: { error: { message: 'no', type: 'error', param: null, code: null, ...error } },
    headers,
  })
}

/** Refuses every request that holds such a text. */
export function refuse(isBad: (text: string) => boolean, error: Readonly<Record<string, unknown>> = {}): Fault {
  const fail = failWith(400, { message: 'invalid input', type: 'invalid_request_error', ...error })
  return (call) => (call.inputs.some(isBad) ? fail(call) : undefined)
}

/** Answers as usual, but later. */
export function delay(ms: number): Fault {
  return async () => {
    await setTimeout(ms)
    return undefined
  }
}

/** Answers as usual, but for what is done to the answer. */
export function alter(change: (answer: Embeddings) => unknown, dimensions = 384): Fault {
  return (call) => ({ status: 200, body: change(embeddingsFor(call, dimensions)) })
}

if (import.meta.main) {
  const [port = '0', dimensions = '384'] = process.argv.slice(2)
  const double = await openOpenAiDouble({ port: Number(port), dimensions: Number(dimensions), keepCalls: false })
  console.log(double.baseUrl)
}
