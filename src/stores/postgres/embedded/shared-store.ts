import { AquiferError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import type { LedgerOptions } from '../context.ts'
import { LinkLost, type Link } from './link.ts'
import type { OperationRules } from './operation-rules.ts'
import { createOperationsHost } from './operations-host.ts'
import { ownerAddress, ownerName, readOwnerNote } from './owner-address.ts'
import { connectToOwner, isAnswered } from './owner-link.ts'
import { prepareStoreDir, tryOwnerLock, type OwnerLock } from './owner-lock.ts'
import { startOwner } from './owner.ts'
import { startWorker } from './start-worker.ts'
import { startTicks } from './ticks.ts'

export interface SharedStoreSettings {
  readonly dir: string
  readonly options: LedgerOptions
  readonly log: Log
  /** Of this program; processes of different versions don't share a store. */
  readonly version: string
  /** Address of the module with the operations, and how each is treated. */
  readonly operationsUrl: string
  readonly rules: Readonly<Record<string, OperationRules>>
  readonly cacheDir?: string | undefined
  /** Ends opening. */
  readonly signal?: AbortSignal | undefined
  readonly silenceMs?: number | undefined
}

/** A store in a folder that any number of processes open: one of them owns it, and when it ends another takes over. */
export interface SharedStore extends AsyncDisposable {
  /** The serialized answer of an operation, wherever it runs; asked again when the owner went away meanwhile. */
  run(operation: string, body: Uint8Array): Promise<Uint8Array>
}

const electionMs = 15
const electionLimitMs = 10_000
/** An operation that ends so many owners is not asked of the next one. */
const mostOwners = 10

export async function openSharedStore(settings: SharedStoreSettings): Promise<SharedStore> {
  const { dir, options, log } = settings
  await prepareStoreDir(dir)
  const closing = new AbortController()
  let current: Promise<Link> | undefined

  /** The one way that all callers share. */
  function link(signal: AbortSignal): Promise<Link> {
    if (closing.signal.aborted) return Promise.reject(closed())
    if (current === undefined) {
      current = elect(settings, signal)
      void watch(current)
    }
    return current
  }

  /** Replaces a broken way before anybody asks for it; one that never opened is tried again when somebody does. */
  async function watch(opened: Promise<Link>): Promise<void> {
    try {
      await (
        await opened
      ).lost
    } catch {
      current = undefined
      return
    }
    current = undefined
    if (closing.signal.aborted) return
    log.debug({ dir }, 'the owner of the embedded store went away')
    await link(closing.signal).catch((error: unknown) => {
      log.debug({ error: String(error) }, 'no owner of the embedded store for now')
    })
  }

  await link(settings.signal === undefined ? closing.signal : AbortSignal.any([settings.signal, closing.signal]))
  return {
    run: async (operation, body) => {
      for (let owners = 0; owners < mostOwners; owners += 1) {
        const way = await link(closing.signal)
        try {
          return await way.run(operation, options, body)
        } catch (error) {
          if (!(error instanceof LinkLost)) throw error
          await way.lost
        }
        if (closing.signal.aborted) throw closed()
      }
      throw new AquiferError('LEDGER_FAILED', `Every process that ran the ledger operation ${operation} ended.`)
    },
    [Symbol.asyncDispose]: async () => {
      if (closing.signal.aborted) return
      closing.abort()
      const way = await current?.catch(() => undefined)
      await way?.[Symbol.asyncDispose]()
    },
  }
}

const closed = (): AquiferError => new AquiferError('CANCELLED', 'The ledger was closed.')

/** Becomes the owner, or finds it. Between two owners there is a moment in which neither succeeds. */
async function elect(settings: SharedStoreSettings, signal: AbortSignal): Promise<Link> {
  const { dir, version, options, silenceMs = 5000 } = settings
  const own = await ownerAddress(dir)
  const waited = { awakeMs: 0 }
  const stopTicks = startTicks(250, (awakeMs) => (waited.awakeMs += awakeMs))
  try {
    while (waited.awakeMs < electionLimitMs) {
      if (signal.aborted) throw closed()
      const lock = tryOwnerLock(dir)
      const { name, address = own } = await readOwnerNote(dir)
      // Whoever answers owns the store, even if its lock was lost (see tryOwnerLock).
      if (lock !== undefined && !(await isAnswered(address))) return await become(settings, own, lock, signal)
      lock?.[Symbol.dispose]()
      const link = await connectToOwner({ address, version, options, silenceMs, ownerName: name, signal })
      if (link !== undefined) return link
      await new Promise((resolve) => setTimeout(resolve, electionMs * (0.5 + Math.random())))
    }
    throw new AquiferError('LEDGER_BUSY', `${await ownerName(dir)} holds the embedded store and does not serve it.`)
  } finally {
    stopTicks()
  }
}

async function become(
  { dir, options, version, log, operationsUrl, cacheDir, rules }: SharedStoreSettings,
  address: string,
  lock: OwnerLock,
  signal: AbortSignal,
): Promise<Link> {
  const host = createOperationsHost({
    rules,
    log,
    start: (stop) => startWorker({ dir, operationsUrl, cacheDir }, log, stop),
  })
  const start = performance.now()
  const stop = (): void => void host[Symbol.asyncDispose]()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const owner = await startOwner({ dir, address, version, lock, host, options })
    log.debug({ dir, ms: Math.round(performance.now() - start) }, 'this process owns the embedded store')
    return owner
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
