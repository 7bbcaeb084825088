import { parentPort, workerData } from 'node:worker_threads'
import { deserialize, serialize } from 'node:v8'
import { AquiferError, toErrorView, type ErrorView } from '../../../core/errors.ts'
import type { Db } from '../../../core/db.ts'
import type { LedgerOptions } from '../context.ts'
import { prepareDataDir } from './data-dir.ts'
import { createMaintenance, type Maintenance } from './maintenance.ts'
import type { OperationsModule } from './open-operations.ts'
import { openOperation } from './operation-rules.ts'
import { createPgliteDb } from './pglite-db.ts'
import { openPgliteSession } from './pglite-session.ts'
import { isDiskFullText, storageError } from './storage-error.ts'
import type { FromWorker, RunMessage, ToWorker, WorkerSettings } from './worker-messages.ts'

if (parentPort === null) throw new Error('worker.ts runs in a worker thread only')
const port = parentPort
// `startWorker` is the only one to start this file.
const settings = workerData as WorkerSettings
const lastWords: string[] = []

function post(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

/** Ends this thread on the spot: the engine must not be entered again. */
function die(reason: Error): never {
  const text = [...lastWords, reason.message].join('; ')
  post({ kind: 'dying', diskFull: isDiskFullText(text), reason: text })
  process.exit(1)
}

async function open(): Promise<Db> {
  const dataDir = await prepareDataDir(settings.dir, settings.cacheDir)
  const session = await openPgliteSession({ dataDir, onFatal: die, onLastWords: (line) => lastWords.push(line) })
  return createPgliteDb(session)
}

function openError(error: unknown): AquiferError {
  const ours = storageError(error, settings.dir)
  if (ours !== undefined) return ours
  if (isDiskFullText(lastWords.join())) {
    return new AquiferError('DISK_FULL', `The disk with ${settings.dir} is full.`, { cause: error })
  }
  return damaged(error)
}

const doNothing = (): Promise<void> => Promise.resolve()

type Operations = Readonly<Record<string, (args: unknown) => Promise<unknown>>>

/** The operations under some options; processes that share a store may differ in theirs while a setting is changed. */
function operationsOf(db: Db): (options: LedgerOptions) => Promise<Operations> {
  const opened = new Map<string, Operations>()
  let current: string | undefined
  return async (options) => {
    const key = JSON.stringify(options)
    if (current !== key) await db.query(`select set_config('search_path', $1, false)`, [`${options.schema}, public`])
    current = key
    let operations = opened.get(key)
    if (operations === undefined) {
      // The address comes from our own code; the module's export is checked by the type it is written to.
      const module = (await import(settings.operationsUrl)) as OperationsModule
      operations = (await module.openOperations(db, options)) as Operations
      opened.set(key, operations)
    }
    return operations
  }
}

/** What may leave: our own errors as they are; of others the log learns where they come from, not what they say. */
function viewOf(error: unknown, operation: string): ErrorView {
  const ours = storageError(error, settings.dir)
  const cause: unknown = ours === undefined ? error : ours.cause
  if (ours === undefined || isToReport(ours)) {
    post({ kind: 'log', level: 'error', details: { operation, ...traceOf(cause) }, text: 'a ledger operation failed' })
  }
  if (ours !== undefined) return toErrorView(ours)
  // What should have been there when it was opened is not.
  if (operation === openOperation) return toErrorView(damaged(error))
  return toErrorView(new AquiferError('LEDGER_FAILED', `The ledger failed in ${operation}.`))
}

function damaged(cause: unknown): AquiferError {
  return new AquiferError('LEDGER_DAMAGED', `The embedded store in ${settings.dir} cannot be opened.`, { cause })
}

const isToReport = ({ kind, code }: AquiferError): boolean => kind === 'bug' || code === 'LEDGER_DAMAGED'

function traceOf(cause: unknown): object {
  if (!(cause instanceof Error)) return {}
  if ('severity' in cause && 'code' in cause && 'routine' in cause)
    return { sqlState: cause.code, routine: cause.routine }
  return { stack: cause.stack }
}

const serve = async (db: Db): Promise<void> => {
  const operationsWith = operationsOf(db)
  const maintenance = createMaintenance(db, (details, text) => post({ kind: 'log', level: 'warn', details, text }))
  let wrote = false
  const run = async (message: RunMessage): Promise<void> => {
    const { operation } = message
    try {
      const operations = await operationsWith(message.options)
      const method = operation === openOperation ? doNothing : operations[operation]
      if (method === undefined) throw new AquiferError('INTERNAL', `The ledger has no operation ${operation}.`)
      const body = serialize(await method(deserialize(message.body)))
      post({ kind: 'answer', body }, [body.buffer])
    } catch (error) {
      post({ kind: 'error', error: viewOf(error, operation) })
    }
    if (!message.writes) return
    wrote = true
    await maintenance.checkpoint().catch((error: unknown) => void viewOf(error, 'checkpoint'))
  }
  const maintain = async (): Promise<void> => {
    try {
      const body = serialize(await maintenance.vacuumOne())
      post({ kind: 'answer', body }, [body.buffer])
    } catch (error) {
      post({ kind: 'error', error: viewOf(error, 'vacuum') })
    }
  }
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'run') void run(message)
    else if (message.kind === 'maintain') void maintain()
    else void close(db, maintenance, wrote ? message.tidyMs : 0)
  })
}

async function close(db: Db, maintenance: Maintenance, tidyMs: number): Promise<void> {
  const start = performance.now()
  try {
    while (performance.now() - start < tidyMs && (await maintenance.vacuumOne()));
    await db[Symbol.asyncDispose]()
  } catch (error) {
    viewOf(error, 'close')
  }
  process.exit(0)
}

try {
  await serve(await open())
  post({ kind: 'ready' })
} catch (error) {
  const view = openError(error)
  const details = { lastWords, ...traceOf(view.cause) }
  if (isToReport(view)) post({ kind: 'log', level: 'error', details, text: 'the embedded store cannot be opened' })
  post({ kind: 'error', error: toErrorView(view) })
  process.exit(1)
}
