import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { EmbedOptions } from '../core/embedder.ts'
import { AquiferError } from '../core/errors.ts'
import { closeSection, createNativeSection } from './native-section.ts'
import type { FromWorker, LocalWorkerData, ToWorker } from './local-messages.ts'

/** The thread that holds the local model, seen from outside. */
export interface LocalThread extends AsyncDisposable {
  /** Resolves when the model is loaded. */
  ready(): Promise<void>
  /** One vector a text, end to end; zeros for a text without any token. */
  embed(texts: readonly string[], options: EmbedOptions): Promise<LocalVectors>
  /** Texts that it has been given and has not answered. */
  waiting(): number
  /** It answers no more: start another. */
  ended(): boolean
}

export interface LocalVectors {
  readonly vectors: Float32Array
  readonly tokens: number
}

interface Pending {
  readonly texts: number
  readonly resolve: (vectors: LocalVectors) => void
  readonly reject: (error: AquiferError) => void
}

/** A batch takes a tenth of a second; on a machine that is far too busy, longer. */
const leaveWithinMs = 5000

export function startLocalThread({ cores }: { readonly cores: number }): LocalThread {
  const data: LocalWorkerData = { cores, section: createNativeSection() }
  const worker = new Worker(new URL(`./local-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: data,
    // Flags of the program, such as --eval, would be taken for the thread's own.
    execArgv: [],
  })
  const loaded = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<void>()
  const pending = new Map<number, Pending>()
  let end: AquiferError | undefined
  let lastId = 0
  let users = 0

  // Nobody may be waiting when it fails; the next call meets the error.
  loaded.promise.catch(() => undefined)
  const finish = (error: AquiferError): void => {
    end ??= error
    loaded.reject(end)
    for (const { reject } of pending.values()) reject(end)
    pending.clear()
  }
  const settle = (id: number, how: (one: Pending) => void): void => {
    const one = pending.get(id)
    pending.delete(id)
    if (one !== undefined) how(one)
  }
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') loaded.resolve()
    else if (message.kind === 'unusable') finish(unusable(message.reason, message.error))
    else if (message.kind === 'embedded') settle(message.id, ({ resolve }) => resolve(message))
    else settle(message.id, ({ reject }) => reject(failed(message.error)))
  })
  worker.on('error', (cause) => finish(ended(cause)))
  const beforeExit = (): void => closeSection(data.section, leaveWithinMs)
  process.on('exit', beforeExit)
  worker.on('exit', () => {
    process.off('exit', beforeExit)
    finish(ended(undefined))
    exited.resolve()
  })

  /** Keeps the process alive while somebody waits for an answer, and not longer. */
  const using = async <T>(answer: Promise<T>): Promise<T> => {
    if (users++ === 0) worker.ref()
    try {
      return await answer
    } finally {
      if (--users === 0) worker.unref()
    }
  }
  worker.unref()

  const send = (message: ToWorker): void => worker.postMessage(message, [])
  return {
    ready: () => using(loaded.promise),
    embed: async (texts, { as, signal }) => {
      if (end !== undefined) throw end
      if (signal?.aborted === true) throw cancelled(signal.reason)
      const id = ++lastId
      const answer = Promise.withResolvers<LocalVectors>()
      const abort = (): void => {
        send({ kind: 'cancel', id })
        settle(id, ({ reject }) => reject(cancelled(signal?.reason)))
      }
      pending.set(id, { ...answer, texts: texts.length })
      signal?.addEventListener('abort', abort, { once: true })
      send({ kind: 'embed', id, texts, as })
      return using(answer.promise).finally(() => signal?.removeEventListener('abort', abort))
    },
    waiting: () => [...pending.values()].reduce((sum, { texts }) => sum + texts, 0),
    ended: () => end !== undefined,
    [Symbol.asyncDispose]: async () => {
      finish(new AquiferError('CANCELLED', 'The embedding model was closed.'))
      send({ kind: 'close' })
      // Never terminated: that would end it inside onnxruntime. It leaves by itself after the batch that it is at.
      await using(exited.promise)
    },
  }
}

function cancelled(cause: unknown): AquiferError {
  return new AquiferError('CANCELLED', 'The embedding was cancelled.', { cause })
}

function ended(cause: unknown): AquiferError {
  const message = 'The thread of the local embedding model ended; the next call starts another.'
  return new AquiferError('EMBEDDING_LOCAL', message, { cause })
}

function failed(cause: unknown): AquiferError {
  return new AquiferError('EMBEDDING_LOCAL', 'The local embedding model could not work on these texts.', { cause })
}

function unusable(reason: 'no-runtime' | 'no-model', cause: Error): AquiferError {
  if (reason === 'no-model')
    return new AquiferError('EMBEDDING_LOCAL', 'The local embedding model could not be loaded.', { cause })
  return new AquiferError(
    'EMBEDDING_LOCAL',
    `The local embedding model can't run here: onnxruntime has no build for ${process.platform}-${process.arch}.`,
    { cause, fix: 'Run `npm i onnxruntime-web` (slower, runs anywhere), or set `embedding.provider: openai`.' },
  )
}
