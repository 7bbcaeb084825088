import { Worker } from 'node:worker_threads'
import type { EngineResult } from '../../engine.ts'
import { Refused } from '../../engine-words.ts'
import type { FromThread, RunMessage, ThreadError, ThreadSettings, ToThread } from './pglite-messages.ts'

/** A thread with an open database: its engine computes without ever giving way, so it can only be ended with its thread. */
export interface Thread {
  readonly gone: boolean
  /** One at a time; throws what Postgres said, or that the thread has ended. */
  run(message: Omit<RunMessage, 'kind'>): Promise<EngineResult>
  /** Closes the database properly, or ends it as it is when that takes too long. */
  close(): Promise<void>
  /** Ends the thread at once, whatever it does; the next one recovers as after a crash. */
  terminate(): Promise<void>
}

const closeMs = 3000

interface Waiting {
  readonly resolve: (result: EngineResult | undefined) => void
  readonly reject: (error: Error) => void
}

/** Resolves when the database is open. The caller holds the lock of the folder. */
export async function startThread(settings: ThreadSettings): Promise<Thread> {
  const file = import.meta.url.endsWith('.ts') ? './pglite-worker.ts' : './pglite-worker.js'
  // Its output is kept: standard output belongs to the protocol of whoever runs us.
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: settings,
    stdout: true,
    stderr: true,
    execArgv: [],
    name: 'aquifer-pglite',
  })
  for (const stream of [worker.stdout, worker.stderr]) stream.resume()
  let gone: Error | undefined
  let waiting: Waiting | undefined
  const settle = (action: (settled: Waiting) => void): void => {
    const settled = waiting
    waiting = undefined
    worker.unref()
    if (settled !== undefined) action(settled)
  }
  const request = (message?: ToThread): Promise<EngineResult | undefined> =>
    new Promise((resolve, reject) => {
      if (gone !== undefined) return reject(gone)
      worker.ref()
      waiting = { resolve, reject }
      if (message !== undefined) worker.postMessage(message, [])
    })
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'ready') settle(({ resolve }) => resolve(undefined))
    else if (message.kind === 'result') settle(({ resolve }) => resolve(message.result))
    else settle(({ reject }) => reject(toError(message.error)))
  })
  worker.once('error', (error) => (gone ??= error))
  worker.once('exit', () => {
    const error = (gone ??= new Error('the thread of the embedded Postgres has ended'))
    settle(({ reject }) => reject(error))
  })
  await request()
  return {
    get gone() {
      return gone !== undefined
    },
    run: async (message) => {
      const result = await request({ kind: 'run', ...message })
      if (result === undefined) throw new Error('the thread of the embedded Postgres answered nothing')
      return result
    },
    close: async () => {
      const timer = setTimeout(() => void worker.terminate(), closeMs)
      await request({ kind: 'close' }).catch(() => {})
      clearTimeout(timer)
    },
    terminate: async () => void (await worker.terminate()),
  }
}

function toError({ message, refused, ...parts }: ThreadError): Error {
  return refused ? new Refused(message) : Object.assign(new Error(message), parts)
}
