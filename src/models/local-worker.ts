import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createBatchQueue } from './batch-queue.ts'
import type { Waiting } from './batch-queue.ts'
import { localDimensions, localMaxTokens } from './local-messages.ts'
import type { FromWorker, LocalWorkerData, ToWorker } from './local-messages.ts'
import { openLocalSession, RuntimeMissingError } from './local-session.ts'
import type { LocalSession } from './local-session.ts'
import { openWordPiece } from './word-piece.ts'
import type { WordPiece } from './word-piece.ts'

interface Job {
  readonly id: number
  readonly vectors: Float32Array<ArrayBuffer>
  tokens: number
  left: number
}

const port = parentPort
if (port === null) throw new Error('local-worker.ts runs as a worker thread only')
const tell = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)
const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

try {
  const data: LocalWorkerData = workerData
  const [session, wordPiece] = await Promise.all([openLocalSession(data), openWordPiece()])
  serve(session, wordPiece)
  tell({ kind: 'ready' })
} catch (thrown) {
  const reason = thrown instanceof RuntimeMissingError ? 'no-runtime' : 'no-model'
  tell({ kind: 'unusable', reason, error: asError(thrown) })
}

function serve(session: LocalSession, wordPiece: WordPiece): void {
  // Batches of 384 tokens need half the memory of batches of 2,048, and are as fast.
  const queue = createBatchQueue<Job>(384)
  const jobs = new Map<number, Job>()
  let running: Promise<void> | undefined
  let closing = false

  const add = (message: ToWorker & { kind: 'embed' }): void => {
    const { id, texts, as } = message
    const items: Omit<Waiting<Job>, 'job'>[] = []
    for (const [index, text] of texts.entries()) {
      const ids = wordPiece.encode(text, localMaxTokens)
      if (ids.length > 2) items.push({ index, ids })
    }
    const vectors = new Float32Array(texts.length * localDimensions)
    const job = { id, vectors, tokens: 0, left: items.length }
    if (items.length === 0) return answer(job)
    jobs.set(id, job)
    queue.add(
      items.map((item) => ({ ...item, job })),
      as,
    )
    running ??= work().finally(() => {
      running = undefined
    })
  }

  const work = async (): Promise<void> => {
    for (;;) {
      // Lets messages in, so that a question asked during one batch is in the next.
      await setImmediate()
      const batch = closing ? [] : queue.next()
      if (batch.length === 0) return
      await session.run(batch.map(({ ids }) => ids)).then(
        (vectors) => keep(batch, vectors),
        (thrown: unknown) => giveUp(batch, asError(thrown)),
      )
    }
  }

  const keep = (batch: readonly Waiting<Job>[], vectors: Float32Array): void => {
    for (const [row, { job, index, ids }] of batch.entries()) {
      const from = row * localDimensions
      job.vectors.set(vectors.subarray(from, from + localDimensions), index * localDimensions)
      job.tokens += ids.length
      if (--job.left === 0 && jobs.delete(job.id)) answer(job)
    }
  }

  const answer = ({ id, vectors, tokens }: Job): void =>
    tell({ kind: 'embedded', id, vectors, tokens }, [vectors.buffer])

  const giveUp = (batch: readonly Waiting<Job>[], error: Error): void => {
    for (const job of new Set(batch.map((item) => item.job))) {
      queue.remove(job)
      if (jobs.delete(job.id)) tell({ kind: 'failed', id: job.id, error })
    }
  }

  port?.on('message', (message: ToWorker) => {
    if (message.kind === 'embed') return add(message)
    if (message.kind === 'cancel') {
      const job = jobs.get(message.id)
      if (job === undefined) return
      jobs.delete(message.id)
      return queue.remove(job)
    }
    closing = true
    void (running ?? Promise.resolve()).then(() => session[Symbol.asyncDispose]()).finally(() => port.close())
  })
}
