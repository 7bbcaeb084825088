import { randomUUID } from 'node:crypto'
import type { Change } from '../../schemas/record.ts'
import { errorTable } from '../core/error-table.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Batch, Claim, DeadLetterWrite, RecordWrite } from '../core/ledger-sync.ts'
import type { PipelineContext, SyncProgress } from './pipeline.ts'
import type { Put } from './map-change.ts'
import { prepareBatch, type Delete, type PreparedBatch, type RawBatch } from './prepare-batch.ts'
import type { SourceJob } from './source-job.ts'

type Checkpoint = Extract<Change, { kind: 'checkpoint' }>

/** Texts of so many characters, or so many changes, make a batch: what is lost when the process ends, and how often progress moves. */
const batchCharacters = 250_000
const batchChanges = 1000
/** So many batches are prepared while an earlier one is being committed. */
const ahead = 2

export interface SourceWriter {
  /** Takes a change of this source; waits when enough is under way. Throws what a commit before threw. */
  push(change: Change): Promise<void>
  /** Everything taken so far is in the ledger. */
  flush(): Promise<void>
  /** Whatever is under way has ended, well or not. */
  settled(): Promise<void>
  readonly counts: Omit<SyncProgress, 'source' | 'phase'>
  /** The newest cursor that the ledger holds, if any was written. */
  readonly cursor: Checkpoint['cursor'] | undefined
}

interface WriterOptions {
  readonly claim: Claim
  readonly job: SourceJob
  readonly loading: boolean
  /** Whether deletes come with the changes, and none may be missing. */
  readonly seesDeletes: () => boolean
  readonly signal: AbortSignal
  /** Called after each commit. */
  readonly onCommit: () => void
}

/** Turns one source's changes into commits, in their order, preparing the next while one is written. */
export function createSourceWriter(context: PipelineContext, options: WriterOptions): SourceWriter {
  const { claim, job, signal } = options
  const counts = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }
  /** What batches under way will have written last for a key; undefined digest for a delete. */
  const underWay = new Map<string, { readonly digest: string | undefined; readonly batch: number }>()
  let open = emptyBatch()
  let sequence = 0
  let chunkTarget = context.targetCommitMs < 1000 ? 64 : 4000
  let pending: Promise<void>[] = []
  let committed: Promise<void> = Promise.resolve()
  let cursor: Checkpoint['cursor'] | undefined
  let failure: { readonly error: unknown } | undefined

  const send = async (): Promise<void> => {
    if (failure !== undefined) throw failure.error
    if (open.changes.size === 0 && open.letters.length === 0 && open.checkpoint === undefined) return
    const { changes, letters, checkpoint } = open
    open = emptyBatch()
    const number = ++sequence
    const raw: RawBatch = {
      puts: [...changes.values()].filter((change): change is Put => change.kind === 'put'),
      deletes: [...changes.values()].filter((change): change is Delete => change.kind === 'delete'),
      letters,
      underWay: new Map(
        [...changes.keys()].flatMap((key) => {
          const entry = underWay.get(key)
          return entry === undefined ? [] : [[key, entry.digest]]
        }),
      ),
    }
    for (const [key, change] of changes)
      underWay.set(key, { digest: change.kind === 'put' ? change.digest : undefined, batch: number })
    const prepared = prepareBatch(context, job, claim.sourceId, raw, signal)
    const before = committed
    committed = (async () => {
      // Both are awaited together, so that neither can fail unheard.
      const [batch] = await Promise.all([prepared, before])
      await write(batch, checkpoint)
      for (const key of changes.keys()) if (underWay.get(key)?.batch === number) underWay.delete(key)
    })()
    const settled = committed.catch((error: unknown) => {
      failure ??= { error }
    })
    pending.push(settled)
    if (pending.length > ahead) await pending.shift()
  }

  const write = async (prepared: PreparedBatch, checkpoint: Batch['checkpoint'] | undefined): Promise<void> => {
    const slices = sliceByChunks(prepared.puts, chunkTarget)
    counts.unchanged += prepared.unchanged
    counts.rejected += prepared.letters.length
    for (const [index, puts] of slices.entries()) {
      signal.throwIfAborted()
      const last = index === slices.length - 1
      const keys = new Set(puts.map(({ key }) => key))
      const hashes = new Set(puts.flatMap(({ chunks }) => chunks.map(({ hash }) => hash)))
      const batch: Batch = {
        sourceId: claim.sourceId,
        epoch: claim.epoch,
        id: randomUUID(),
        mapping: job.mappingDigest,
        language: job.config.language,
        loading: options.loading,
        puts,
        deletes: last ? prepared.deletes.map(({ key, position }) => ({ key, position })) : [],
        deadLetters: prepared.letters.filter(({ key }) => last || keys.has(key)),
        embeddings: prepared.embeddings.filter(({ hash }) => hashes.has(hash)),
        usage: last ? prepared.usage : { tokens: 0, cost: 0 },
        ...(last && checkpoint !== undefined ? { checkpoint } : {}),
      }
      const result = await context.ledger.commit(batch)
      counts.written += result.written
      counts.deleted += result.deleted
      chunkTarget = nextTarget(chunkTarget, result.tookMs, context.targetCommitMs, puts)
    }
    if (checkpoint !== undefined) cursor = checkpoint.cursor
    options.onCommit()
  }

  return {
    counts,
    get cursor() {
      return cursor
    },
    push: async (change) => {
      if (change.kind === 'checkpoint') {
        const { position, asOf } = change.partial === true ? (open.checkpoint ?? nowhere) : change
        const seen = change.partial !== true && options.seesDeletes() ? 'seen' : undefined
        const deletes = change.compare === true || open.checkpoint?.deletes === 'due' ? 'due' : seen
        open.checkpoint = { cursor: change.cursor, position, asOf, deletes }
        if (open.changes.size > 0) return
        return send()
      }
      counts.read++
      const wrong = wrongKey(change.key)
      if (wrong !== undefined) open.letters.push({ ...letterFor(change, 'RECORD_INVALID', wrong), stage: 'validate' })
      else if (change.kind === 'reject') open.letters.push(rejected(change))
      else {
        // The last change of a key wins, in the place of the last: a delete after a put must not come before it.
        open.changes.delete(change.key)
        open.changes.set(change.key, change)
        open.characters += sizeOf(change, job.config.mapping.vector)
      }
      if (open.characters >= batchCharacters || open.changes.size + open.letters.length >= batchChanges) await send()
    },
    flush: async () => {
      await send()
      await Promise.all(pending)
      pending = []
      if (failure !== undefined) throw failure.error
    },
    settled: async () => void (await Promise.all(pending)),
  }
}

const nowhere = { position: undefined, asOf: undefined }

interface OpenBatch {
  changes: Map<string, Put | Delete>
  letters: DeadLetterWrite[]
  checkpoint: Batch['checkpoint'] | undefined
  characters: number
}

function emptyBatch(): OpenBatch {
  return { changes: new Map(), letters: [], checkpoint: undefined, characters: 0 }
}

/** How much is to be done with a change, as characters to embed. One that brings its vector costs a fraction of that. */
function sizeOf(change: Put | Delete, vectorColumn: string | undefined): number {
  if (change.kind === 'delete') return 0
  if (change.content.kind === 'document') return change.content.document.text.length
  const { row } = change.content
  const given = vectorColumn !== undefined && row[vectorColumn] !== undefined && row[vectorColumn] !== null
  let characters = 0
  for (const [column, value] of Object.entries(row)) {
    if (given && column === vectorColumn) continue
    if (typeof value === 'string') characters += value.length
    else characters += value !== null && typeof value === 'object' ? JSON.stringify(value).length : 8
  }
  return given ? characters / 4 : characters
}

function rejected(change: Extract<Change, { kind: 'reject' }>): DeadLetterWrite {
  // Every code that an indexer can give is in the table; another is a slip of its author.
  return letterFor(change, change.code in errorTable ? (change.code as ErrorCode) : 'RECORD_INVALID', change.message)
}

function letterFor(
  { key, position }: { key: string; position: string },
  code: ErrorCode,
  message: string,
): DeadLetterWrite {
  return { key: letterKey(key), stage: 'read', position, error: { code, message, fix: errorTable[code].fix } }
}

/** How a dead letter names an item, whose key may be what is wrong with it. */
export function letterKey(key: string): string {
  return key.replaceAll('\0', '\uFFFD').slice(0, 500)
}

/** A key is part of an index, whose entries hold less than a third of a page. */
const longestKeyBytes = 2000

function wrongKey(key: string): string | undefined {
  if (key === '') return 'The item has an empty key.'
  if (key.includes('\0')) return 'The key holds a NUL character.'
  return Buffer.byteLength(key) > longestKeyBytes
    ? `The key has more than ${String(longestKeyBytes)} bytes.`
    : undefined
}

/** At least one slice, so that deletes, dead letters and the checkpoint are written without any put. */
function sliceByChunks(puts: readonly RecordWrite[], target: number): readonly (readonly RecordWrite[])[] {
  const slices: RecordWrite[][] = [[]]
  let chunks = 0
  for (const put of puts) {
    if (chunks > 0 && chunks + put.chunks.length > target) {
      slices.push([])
      chunks = 0
    }
    slices.at(-1)?.push(put)
    chunks += Math.max(1, put.chunks.length)
  }
  return slices
}

/** Aims at three quarters of the allowed time, since one slow commit more than uses up the rest. */
function nextTarget(target: number, tookMs: number, allowedMs: number, puts: readonly RecordWrite[]): number {
  const chunks = puts.reduce((sum, put) => sum + Math.max(1, put.chunks.length), 0)
  if (chunks < target / 2 && tookMs < allowedMs) return target
  const fitting = (chunks * allowedMs * 0.75) / Math.max(1, tookMs)
  return Math.round(Math.min(8000, Math.max(8, Math.min(fitting, target * 2))))
}
