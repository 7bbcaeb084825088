import { AquiferError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import type { LedgerOptions } from '../context.ts'
import { createFairQueue } from './fair-queue.ts'
import { createMaintenanceTimer } from './maintenance-timer.ts'
import { openOperation, openRules, type OperationRules } from './operation-rules.ts'
import { WorkerGone, type EngineWorker } from './start-worker.ts'
import { startTicks } from './ticks.ts'

export interface HostRequest {
  readonly operation: string
  readonly options: LedgerOptions
  /** The argument, serialized by `node:v8`; so is the answer. */
  readonly body: Uint8Array
  /** Whether nobody waits for the answer any more. */
  readonly isGone?: () => boolean
}

/** Runs operations one after another on the engine's worker, which it starts, watches and starts again. `openOperation` first. */
export interface OperationsHost extends AsyncDisposable {
  run(request: HostRequest): Promise<Uint8Array>
}

interface HostSettings {
  readonly start: (signal: AbortSignal) => Promise<EngineWorker>
  readonly rules: Readonly<Record<string, OperationRules>>
  readonly log: Log
}

interface Job {
  readonly name: string
  readonly rules: OperationRules
  readonly isGone: () => boolean
  readonly work: (worker: EngineWorker) => Promise<Uint8Array>
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (error: Error) => void
  waitedMs: number
  crashes: number
}

const nothing = new Uint8Array()
const tickMs = 250
const finishMs = 400
const tidyMs = 200
const closeMs = 700
/** Recovery reads little, but creating a store on a slow disk takes a while. */
const openMs = 300_000
/** A store that can't be opened is not tried again at once. */
const retryOpenMs = 500

export function createOperationsHost({ start, rules, log }: HostSettings): OperationsHost {
  const queue = createFairQueue<Job>()
  let worker: Promise<EngineWorker> | undefined
  let failed: { readonly at: number; readonly error: unknown } | undefined
  let running: { job: Job; spentMs: number; expired: boolean } | undefined
  let pumping = false
  let pumped: Promise<void> | undefined
  let disposed = false
  const opening = new AbortController()
  const maintenance = createMaintenanceTimer(() => {
    enqueue('vacuum', { lane: 'write' }, async (engine) => {
      maintenance.done(await engine.maintain())
      return nothing
    }).catch((error: unknown) => {
      maintenance.stop()
      if (!disposed)
        log.warn({ error: String(error) }, 'the embedded store is not tidied up any more until it is opened again')
    })
  })

  async function openWorker(): Promise<EngineWorker> {
    if (disposed) throw closed()
    if (failed !== undefined && performance.now() - failed.at < retryOpenMs) throw failed.error
    const current = await worker?.catch(() => undefined)
    if (current?.gone === false) return current
    // Never two engines on the same files, not even while one is ending.
    await current?.terminate()
    worker = start(AbortSignal.any([opening.signal, AbortSignal.timeout(openMs)]))
    try {
      const started = await worker
      failed = undefined
      maintenance.wrote()
      return started
    } catch (error) {
      failed = { at: performance.now(), error: asOurs(error) }
      throw failed.error
    }
  }

  function enqueue(name: string, rules: OperationRules, work: Job['work'], isGone = (): boolean => false) {
    return new Promise<Uint8Array>((resolve, reject) => {
      if (disposed) return reject(closed())
      queue.push(rules.lane, { name, rules, isGone, work, resolve, reject, waitedMs: 0, crashes: 0 })
      if (!pumping) pumped = pump()
    })
  }

  async function pump(): Promise<void> {
    pumping = true
    const stopTicks = startTicks(tickMs, tick)
    const held = new Set<EngineWorker>()
    try {
      for (let job = queue.next(); job !== undefined; job = queue.next()) {
        if (job.isGone()) continue
        try {
          const engine = await openWorker()
          engine.hold(true)
          held.add(engine)
          await runJob(engine, job)
        } catch (error) {
          for (const each of [job, ...queue.remove(() => true)]) each.reject(disposed ? closed() : asOurs(error))
        }
      }
    } finally {
      // In the same turn in which the queue was seen empty, so that nothing is pushed unseen.
      pumping = false
      stopTicks()
      for (const engine of held) engine.hold(false)
    }
  }

  async function runJob(engine: EngineWorker, job: Job): Promise<void> {
    const current = (running = { job, spentMs: 0, expired: false })
    const start = performance.now()
    try {
      job.resolve(await job.work(engine))
    } catch (error) {
      if (error instanceof WorkerGone) {
        await engine.terminate()
        crashed(current, error)
      } else job.reject(error instanceof Error ? error : new Error(String(error)))
    } finally {
      running = undefined
      queue.ran(job.rules.lane, performance.now() - start)
      if (job.rules.lane === 'write' && job.name !== 'vacuum') maintenance.wrote()
    }
  }

  function crashed({ job, expired }: { job: Job; expired: boolean }, gone: WorkerGone): void {
    if (disposed) return job.reject(closed())
    if (expired) return job.reject(tooLong(job, 'ran'))
    log.warn({ operation: job.name, reason: gone.message }, 'the embedded store stopped and is started again')
    if (gone.diskFull) return job.reject(new AquiferError('DISK_FULL', 'The disk of the embedded store is full.'))
    job.crashes += 1
    if (job.crashes === 1) return queue.putBack(job.rules.lane, job)
    job.reject(new AquiferError('LEDGER_FAILED', `The embedded store stopped twice in ${job.name}.`, { cause: gone }))
  }

  function tick(awakeMs: number): void {
    const impatient = queue.remove((job) => {
      job.waitedMs += awakeMs
      return job.waitedMs > (job.rules.patienceMs ?? Infinity)
    })
    for (const job of impatient) job.reject(tooLong(job, 'waited', running?.job))
    if (running === undefined || running.expired) return
    running.spentMs += awakeMs
    if (running.spentMs <= (running.job.rules.deadlineMs ?? Infinity)) return
    running.expired = true
    log.warn({ operation: running.job.name }, 'a ledger operation passed its deadline; the embedded store restarts')
    void worker?.then((engine) => engine.terminate())
  }

  return {
    run: ({ operation, options, body, isGone }) => {
      const rule = operation === openOperation ? openRules : rules[operation]
      if (rule === undefined) return Promise.reject(new Error(`no rules for the operation ${operation}`))
      const writes = rule.lane === 'write'
      return enqueue(operation, rule, (engine) => engine.run({ operation, options, body, writes }), isGone)
    },
    [Symbol.asyncDispose]: async () => {
      if (disposed) return
      disposed = true
      maintenance.stop()
      for (const job of queue.remove(() => true)) job.reject(closed())
      if (running !== undefined) await within(finishMs, pumped)
      opening.abort()
      const engine = await worker?.catch(() => undefined)
      await within(closeMs, engine?.close(tidyMs))
      await engine?.terminate()
    },
  }
}

const closed = (): AquiferError => new AquiferError('CANCELLED', 'The ledger was closed.')

function tooLong(job: Job, what: 'ran' | 'waited', behind?: Job): AquiferError {
  const reason = behind === undefined ? '' : ` for ${behind.name}`
  return new AquiferError('LEDGER_TIMEOUT', `The ledger operation ${job.name} ${what} too long${reason}.`)
}

function asOurs(error: unknown): Error {
  if (error instanceof WorkerGone) {
    return error.diskFull
      ? new AquiferError('DISK_FULL', 'The disk of the embedded store is full.', { cause: error })
      : new AquiferError('LEDGER_FAILED', 'The embedded store stopped while it opened.', { cause: error })
  }
  return error instanceof Error ? error : new Error(String(error))
}

/** What `promise` gives if it does in time. Its failure is somebody else's to report. */
async function within<T>(ms: number, promise: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)))
  return Promise.race([promise?.catch(() => undefined), late]).finally(() => clearTimeout(timer))
}
