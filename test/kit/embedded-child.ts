import { toAquiferError, toErrorView } from '../../src/core/errors.ts'
import type { Log } from '../../src/core/log.ts'
import { openTestStore, type TestStore } from './embedded-store.ts'

// A process that opens a shared store and does what its parent says: see embedded-process.ts.

export type Order =
  | { readonly kind: 'run'; readonly operation: string; readonly args: object }
  | { readonly kind: 'write'; readonly writer: string }
  | { readonly kind: 'read'; readonly writer: string }
  | { readonly kind: 'report' }
  | { readonly kind: 'close' }

/** `acknowledged` counts the lines 1 … n that the store said it wrote; gaps are the longest waits for one answer. */
export interface Report {
  readonly owner: boolean
  readonly acknowledged: number
  readonly longestWriteMs: number
  readonly longestReadMs: number
  readonly errors: readonly string[]
}

const [, , dir = '', version = '1.0.0'] = process.argv
const state = {
  closed: false,
  owner: false,
  acknowledged: 0,
  longestWriteMs: 0,
  longestReadMs: 0,
  errors: [] as string[],
}
const note = (_details: object, text: string): void => {
  if (text === 'this process owns the embedded store') state.owner = true
}
const log: Log = { debug: note, info: note, warn: note, error: note }

async function repeat(key: 'longestWriteMs' | 'longestReadMs', step: () => Promise<unknown>): Promise<void> {
  while (!state.closed) {
    const start = performance.now()
    try {
      await step()
    } catch (error) {
      if (!state.closed) state.errors.push(String(error))
    }
    state[key] = Math.max(state[key], performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

async function obey(store: TestStore, order: Order): Promise<unknown> {
  if (order.kind === 'run') return store.run(order.operation, order.args)
  if (order.kind === 'write') {
    void repeat('longestWriteMs', async () => {
      await store.run('append', { writer: order.writer, n: state.acknowledged + 1 })
      state.acknowledged += 1
    })
  } else if (order.kind === 'read') {
    void repeat('longestReadMs', () => store.run('lines', { writer: order.writer }))
  } else if (order.kind === 'close') {
    state.closed = true
    const start = performance.now()
    await store[Symbol.asyncDispose]()
    setImmediate(() => process.disconnect())
    return performance.now() - start
  }
  return { ...state } satisfies Report
}

const reply = (message: object): void => {
  process.send?.(message)
}

try {
  const store = await openTestStore(dir, { log, version })
  process.on('message', ({ id, order }: { id: number; order: Order }) => {
    obey(store, order).then(
      (result) => reply({ id, result }),
      (error: unknown) => reply({ id, error: toErrorView(toAquiferError(error)) }),
    )
  })
  reply({ id: 0 })
} catch (error) {
  reply({ id: 0, error: toErrorView(toAquiferError(error)) })
  process.disconnect()
}
