import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import type { Change } from '../../schemas/record.ts'
import type { IndexerType } from '../core/indexer.ts'
import type { Batch, Claim, CommitResult, DeadLetterWrite, RecordWrite } from '../core/ledger-sync.ts'
import { nextTarget, sizeOf, sliceByChunks } from './batch-size.ts'
import type { PipelineContext, SyncProgress } from './pipeline.ts'
import type { Put } from './map-change.ts'
import { embedBatch, mapBatch, type Delete, type MappedBatch, type RawBatch } from './prepare-batch.ts'
import { refusedLetter } from './set-aside.ts'
import type { SourceJob } from './source-job.ts'

type Checkpoint = Extract<Change, { kind: 'checkpoint' }>

/** Texts of so many characters, or so many changes, make a batch: what is lost when the process ends, and how often progress moves. */
const batchCharacters = 250_000
const batchChanges = 1000
/** A checkpoint ends a batch that is smaller, at most so often: what one source told does not wait for the long read of another. */
const batchMs = 1000
/** So many batches are embedded at once. */
const embedding = 3
/**
 * So many full batches, or so many that a checkpoint ended early, are read before the first of them is committed: what is
 * urgent in them need not wait for it.
 */
const underWayMost = { full: 8, any: 100 }

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
  /** Keys that went ahead before a crash, by the position of what was written: what comes again and is older is passed over. */
  readonly ahead: Map<string, string>
  readonly isOlder: IndexerType['isOlder']
  readonly signal: AbortSignal
  /** Called after each commit. */
  readonly onCommit: () => void
}

/**
 * Turns one source's changes into commits. Batches are committed in their order, with their checkpoints. Deletes, and puts
 * of known records whose vectors are at hand, do not wait for the texts of their own or of earlier batches to be embedded:
 * they go ahead, and an older change of the same key that comes after them is passed over.
 */
export function createSourceWriter(context: PipelineContext, options: WriterOptions): SourceWriter {
  const { claim, job, signal } = options
  const counts = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }
  /** What batches under way will have written last for a key; undefined digest for a delete. */
  const underWay = new Map<string, { readonly digest: string | undefined; readonly batch: number }>()
  /** Keys of changes that went ahead, with their batches: what earlier batches have of them is old. */
  const wentAhead = new Map<string, number>()
  const embedLimit = pLimit(embedding)
  let open = emptyBatch()
  let sequence = 0
  let sentMs = Number.NEGATIVE_INFINITY
  let done = 0
  let chunkTarget = context.targetCommitMs < 1000 ? 64 : 4000
  let pending: { readonly end: Promise<void>; readonly share: number }[] = []
  let committed: Promise<void> = Promise.resolve()
  let turn: Promise<unknown> = Promise.resolve()
  let cursor: Checkpoint['cursor'] | undefined
  let failure: { readonly error: unknown } | undefined

  const send = async (): Promise<void> => {
    if (failure !== undefined) throw failure.error
    if (open.changes.size === 0 && open.letters.size === 0 && open.checkpoint === undefined) return
    const { changes, letters, checkpoint, characters } = open
    open = emptyBatch()
    const number = ++sequence
    sentMs = context.clock.passed()
    const raw: RawBatch = {
      puts: [...changes.values()].filter((change): change is Put => change.kind === 'put'),
      deletes: [...changes.values()].filter((change): change is Delete => change.kind === 'delete'),
      letters: [...letters.values()],
      underWay: new Map(
        [...changes.keys()].flatMap((key) => {
          const entry = underWay.get(key)
          return entry === undefined ? [] : [[key, entry.digest]]
        }),
      ),
    }
    for (const [key, change] of changes) {
      if (options.ahead.delete(key)) wentAhead.set(key, number)
      underWay.set(key, { digest: change.kind === 'put' ? change.digest : undefined, batch: number })
    }
    const prepared = prepare(raw, number)
    const before = committed
    committed = (async () => {
      // Both are awaited together, so that neither can fail unheard.
      const [batch] = await Promise.all([prepared, before])
      await writeInOrder(batch, number, checkpoint)
      done = number
      for (const key of changes.keys()) if (underWay.get(key)?.batch === number) underWay.delete(key)
      for (const key of inTurn(number)) wentAhead.delete(key)
    })()
    const settled = committed.catch((error: unknown) => {
      failure ??= { error }
    })
    const share = Math.max(characters / batchCharacters, (changes.size + letters.size) / batchChanges)
    pending.push({ end: settled, share })
    while (isMuch(pending)) await pending.shift()?.end
  }

  const prepare = async (raw: RawBatch, number: number): Promise<OrderedBatch> => {
    const mapped = await mapBatch(context, job, claim.sourceId, raw)
    const hasUrgent = mapped.urgent.length + mapped.deletes.length > 0
    // With nothing to wait for, one commit does it all.
    const goesAhead = hasUrgent && !(mapped.isPaid && done === number - 1)
    const [embedded] = await Promise.all([
      embedLimit(() => {
        if (failure !== undefined) throw failure.error
        return embedBatch(context, job, mapped, signal)
      }),
      goesAhead ? writeAhead(mapped, number) : undefined,
    ])
    return {
      puts: goesAhead ? embedded.puts : [...mapped.urgent, ...embedded.puts],
      deletes: goesAhead ? [] : mapped.deletes,
      letters: [...mapped.letters, ...embedded.letters],
      embeddings: embedded.embeddings,
      usage: embedded.usage,
      confirmed: mapped.confirmed,
      unchanged: mapped.unchanged,
    }
  }

  const writeAhead = async ({ urgent, deletes }: MappedBatch, number: number): Promise<void> => {
    for (const [index, puts] of sliceByChunks(urgent, chunkTarget).entries()) {
      await commit(() => {
        const content = {
          puts: puts.filter(isNewest(number)),
          deletes: index > 0 ? [] : deletes.filter(isNewest(number)),
          ...(options.isOlder === undefined ? {} : { ahead: true as const }),
        }
        for (const { key } of [...content.puts, ...content.deletes]) wentAhead.set(key, number)
        return content
      })
    }
    options.onCommit()
  }

  /** Keys that are no longer ahead once this batch is written. */
  const inTurn = (number: number): string[] => [...wentAhead].filter(([, batch]) => batch <= number).map(([key]) => key)

  /** Whether no later batch has written this key already. */
  const isNewest =
    (number: number) =>
    ({ key }: { readonly key: string }): boolean =>
      (wentAhead.get(key) ?? number) <= number

  /** One commit at a time; what belongs in it is looked at in its turn, when all that went before is written. */
  const commit = (contentOf: () => Partial<Batch>): Promise<CommitResult> => {
    const result = turn.then(async () => {
      signal.throwIfAborted()
      const batch: Batch = { ...emptyCommit, ...contentOf(), ...head() }
      const answer = await context.ledger.commit(batch)
      counts.written += answer.written
      counts.deleted += answer.deleted
      chunkTarget = nextTarget(chunkTarget, answer.tookMs, context.targetCommitMs, batch.puts)
      return answer
    })
    turn = result.catch(() => {})
    return result
  }

  const head = (): Pick<Batch, 'sourceId' | 'epoch' | 'id' | 'mapping' | 'language' | 'loading'> => ({
    sourceId: claim.sourceId,
    epoch: claim.epoch,
    id: randomUUID(),
    mapping: job.mappingDigest,
    language: job.config.language,
    loading: options.loading,
  })

  const writeInOrder = async (
    prepared: OrderedBatch,
    number: number,
    checkpoint: Batch['checkpoint'] | undefined,
  ): Promise<void> => {
    counts.unchanged += prepared.unchanged
    counts.rejected += prepared.letters.length
    const slices = sliceByChunks(prepared.puts, chunkTarget)
    const putKeys = new Set(prepared.puts.map(({ key }) => key))
    for (const [index, slice] of slices.entries()) {
      const last = index === slices.length - 1
      const keys = new Set(slice.map(({ key }) => key))
      // Each once: what is written twice would count two tries.
      const told = prepared.letters.filter(({ key }) => keys.has(key) || (last && !putKeys.has(key)))
      const hashes = new Set(slice.flatMap(({ chunks }) => chunks.map(({ hash }) => hash)))
      await commit(() => ({
        puts: slice.filter(isNewest(number)),
        deletes: last ? prepared.deletes.filter(isNewest(number)) : [],
        deadLetters: told.filter(isNewest(number)),
        unchanged: last ? prepared.confirmed : [],
        embeddings: prepared.embeddings.filter(({ hash }) => hashes.has(hash)),
        usage: last ? prepared.usage : emptyCommit.usage,
        caughtUp: last ? inTurn(number) : [],
        ...(last && checkpoint !== undefined ? { checkpoint } : {}),
      }))
    }
    if (checkpoint !== undefined) cursor = checkpoint.cursor
    options.onCommit()
  }

  const isPassed = ({ key, position }: Put | Delete): boolean => {
    const written = options.ahead.get(key)
    return written !== undefined && options.isOlder?.(position, written) === true
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
        const isDue = change.partial !== true && context.clock.passed() - sentMs >= batchMs
        if (open.changes.size > 0 && !isDue) return
        return send()
      }
      counts.read++
      const letter = refusedLetter(change)
      if (letter !== undefined) open.letters.set(letter.key, letter)
      else if (change.kind !== 'reject' && isPassed(change)) counts.unchanged++
      else if (change.kind !== 'reject') {
        // The last change of a key wins, in the place of the last: a delete after a put must not come before it.
        open.changes.delete(change.key)
        open.changes.set(change.key, change)
        open.letters.delete(change.key)
        open.characters += sizeOf(change, job.config.mapping.vector)
      }
      if (open.characters >= batchCharacters || open.changes.size + open.letters.size >= batchChanges) await send()
    },
    flush: async () => {
      await send()
      const last = sequence
      await committed.catch(() => {})
      if (sequence === last) pending = []
      if (failure !== undefined) throw failure.error
    },
    settled: () => committed.catch(() => {}),
  }
}

function isMuch(pending: readonly { readonly share: number }[]): boolean {
  return pending.length > underWayMost.any || pending.reduce((sum, { share }) => sum + share, 0) > underWayMost.full
}

const nowhere = { position: undefined, asOf: undefined }

const emptyCommit = {
  puts: [],
  deletes: [],
  deadLetters: [],
  embeddings: [],
  usage: { tokens: 0, cost: 0 },
} as const

interface OpenBatch {
  changes: Map<string, Put | Delete>
  letters: Map<string, DeadLetterWrite>
  checkpoint: Batch['checkpoint'] | undefined
  characters: number
}

function emptyBatch(): OpenBatch {
  return { changes: new Map(), letters: new Map(), checkpoint: undefined, characters: 0 }
}

/** What is committed of a batch in its turn. */
interface OrderedBatch extends Pick<Batch, 'embeddings' | 'usage'> {
  readonly puts: readonly RecordWrite[]
  readonly deletes: readonly Delete[]
  readonly letters: readonly DeadLetterWrite[]
  readonly confirmed: readonly string[]
  readonly unchanged: number
}
