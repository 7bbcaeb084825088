import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { fromErrorView, type ErrorView } from '../../src/core/errors.ts'
import type { Order, Report } from './embedded-child.ts'

/** Another process that has opened a shared store. `await using` kills it. */
export interface StoreProcess extends AsyncDisposable {
  readonly pid: number
  run(operation: string, args?: object): Promise<unknown>
  /** Appends lines one after another from now on. */
  startWriting(writer: string): Promise<void>
  startReading(writer: string): Promise<void>
  report(): Promise<Report>
  /** Closes the store properly and resolves when the process has ended, with how long closing took. */
  close(): Promise<number>
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** SIGKILL, and gone. */
  kill(): Promise<void>
}

interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: ErrorView
}

/** Resolves when the store is open; throws what opening threw. */
export async function startStoreProcess(dir: string, version?: string): Promise<StoreProcess> {
  const file = fileURLToPath(new URL('./embedded-child.ts', import.meta.url))
  const child = fork(file, version === undefined ? [dir] : [dir, version], { execArgv: [], serialization: 'advanced' })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  const exited = once(child, 'exit')
  const fail = (): void => {
    for (const { reject } of waiting.values()) reject(new Error('the process ended'))
    waiting.clear()
  }
  child.once('exit', fail)
  child.on('message', (message) => {
    // Only embedded-child.ts runs there.
    const { id, result, error } = message as Reply
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(fromErrorView(error))
  })
  const wait = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
    })
  let lastId = 0
  const give = (order: Order): Promise<unknown> => {
    const id = ++lastId
    const answer = wait(id)
    child.send({ id, order })
    return answer
  }
  await wait(0)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  return {
    pid: child.pid ?? 0,
    run: (operation, args = {}) => give({ kind: 'run', operation, args }),
    startWriting: async (writer) => void (await give({ kind: 'write', writer })),
    startReading: async (writer) => void (await give({ kind: 'read', writer })),
    report: async () => (await give({ kind: 'report' })) as Report,
    close: async () => {
      const ms = Number(await give({ kind: 'close' }))
      await exited
      return ms
    },
    signal: (signal) => void child.kill(signal),
    kill,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await kill()
    },
  }
}
