import { Worker } from 'node:worker_threads'
import { deserialize } from 'node:v8'
import { fromErrorView } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import type { FromWorker, RunMessage, ToWorker, WorkerSettings } from './worker-messages.ts'

/** The worker ended before it answered. */
export class WorkerGone extends Error {
  readonly diskFull: boolean

  constructor(reason: string, diskFull: boolean) {
    super(reason)
    this.name = 'WorkerGone'
    this.diskFull = diskFull
  }
}

/** A thread with the open database. One request at a time. */
export interface EngineWorker {
  readonly gone: boolean
  /** The serialized answer; throws what the operation threw, or WorkerGone. */
  run(message: Omit<RunMessage, 'kind'>): Promise<Uint8Array>
  /** Vacuums the table that needs it most; false if none does. */
  maintain(): Promise<boolean>
  /** Closes the database after tidying up for so long at most; resolves when the thread has ended. */
  close(tidyMs: number): Promise<void>
  /** Ends the thread at once, whatever it does; the next one recovers as after a crash. */
  terminate(): Promise<void>
  /** Whether the thread keeps this process alive. */
  hold(alive: boolean): void
}

interface Waiting {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** Resolves when the database is open; the signal stops that. The caller holds the lock of the folder. */
export async function startWorker(settings: WorkerSettings, log: Log, signal: AbortSignal): Promise<EngineWorker> {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  // Its output is caught: standard output belongs to the protocol of whoever runs us.
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: settings,
    stdout: true,
    stderr: true,
    execArgv: [],
    name: 'aquifer-ledger',
  })
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.on('data', (text: Buffer) => log.debug({ text: text.toString() }, 'output of the embedded store'))
  }
  let waiting: Waiting | undefined
  let end: WorkerGone | undefined
  const settle = (action: (waiting: Waiting) => void): void => {
    const settled = waiting
    waiting = undefined
    if (settled !== undefined) action(settled)
  }
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      const gone = (end ??= new WorkerGone(`the worker ended with code ${String(code)}`, false))
      settle(({ reject }) => reject(gone))
      resolve()
    })
  })
  const request = (message?: ToWorker): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      if (end !== undefined) return reject(end)
      waiting = { resolve, reject }
      if (message !== undefined) worker.postMessage(message, [])
    })
  worker.once('error', (error) => {
    end ??= new WorkerGone(`${error.name}: ${error.message}`, false)
  })
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') settle(({ resolve }) => resolve(new Uint8Array()))
    else if (message.kind === 'answer') settle(({ resolve }) => resolve(message.body))
    else if (message.kind === 'error') settle(({ reject }) => reject(fromErrorView(message.error)))
    else if (message.kind === 'dying') end = new WorkerGone(message.reason, message.diskFull)
    else log[message.level](message.details, message.text)
  })
  const terminate = async (): Promise<void> => {
    await worker.terminate()
    await exited
  }
  const stop = (): void => void terminate()
  signal.addEventListener('abort', stop, { once: true })
  try {
    await request()
  } catch (error) {
    await terminate()
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return {
    get gone() {
      return end !== undefined
    },
    run: (message) => request({ kind: 'run', ...message }),
    maintain: async () => deserialize(await request({ kind: 'maintain' })) === true,
    close: async (tidyMs) => {
      worker.ref()
      worker.postMessage({ kind: 'close', tidyMs } satisfies ToWorker, [])
      await exited
    },
    terminate,
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
  }
}
