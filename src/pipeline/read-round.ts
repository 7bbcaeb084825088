import type { Json } from '../../schemas/record.ts'
import { AquiferError } from '../core/errors.ts'
import type { Cursors, Indexer, IndexerType } from '../core/indexer.ts'
import type { HeldClaim } from './claim-source.ts'
import { findDeletes } from './find-deletes.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { settingsNote, type SourceJob } from './source-job.ts'
import { createSourceWriter, type SourceWriter } from './source-writer.ts'

/** A claimed source of a group, as it is read round after round. */
export interface Reading {
  readonly job: SourceJob
  readonly claim: HeldClaim
  readonly writer: SourceWriter
  /** What went ahead of the cursor before it was claimed. */
  readonly ahead: Map<string, string>
  cursor: Json | undefined
  position: string
  comparedMs: number
  /** A checkpoint said that deletes may have happened without a word. */
  unsure: boolean
  /** A read from the start, or of much, has not ended: its keys are compared when it has. */
  isUnderWay: boolean
  /** The source could not say what it does not have when it was last asked. */
  isBlind: boolean
}

export function startReading(
  context: PipelineContext,
  job: SourceJob,
  claim: HeldClaim,
  options: {
    readonly cursor: Json | undefined
    readonly loading: boolean
    readonly ahead: Map<string, string>
    readonly isOlder: IndexerType['isOlder']
    readonly streamed: boolean
    /** Whether deletes may have happened without a word. */
    readonly unsure: boolean
    readonly signal: AbortSignal
    readonly onCommit: () => void
  },
): Reading {
  const { cursor, loading, ahead, isOlder, streamed, unsure, signal, onCommit } = options
  const reading: Omit<Reading, 'writer'> = {
    job,
    claim,
    ahead,
    cursor,
    position: '',
    comparedMs: context.clock.passed() - (claim.comparedAgoMs ?? Number.POSITIVE_INFINITY),
    unsure,
    isUnderWay: false,
    isBlind: false,
  }
  const seesDeletes = (): boolean => streamed && !reading.unsure
  const writer = createSourceWriter(context, {
    claim,
    job,
    loading,
    seesDeletes,
    ahead,
    isOlder,
    signal,
    onCommit,
  })
  return Object.assign(reading, { writer })
}

/** How often a source is told, in a read that goes on, what it need not keep. */
const releaseMs = 5000

interface RoundOptions {
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
  /** Called when everything up to a checkpoint is in the ledger. */
  readonly onCheckpoint?: () => Promise<void>
}

/**
 * Everything new since the cursors, committed; of an indexer that goes on, until the signal aborts. Each checkpoint is in the
 * ledger before more is read where `onCheckpoint` wants that. An expired cursor starts the reads anew.
 */
export async function readRound(
  context: PipelineContext,
  indexer: Indexer,
  readings: readonly Reading[],
  options: RoundOptions,
): Promise<void> {
  for (let expired = 0; ; expired++) {
    try {
      await readChanges(context, indexer, readings, options)
      return
    } catch (error) {
      if (!(error instanceof AquiferError) || error.code !== 'CURSOR_EXPIRED' || expired > 0) throw error
    }
    for (const reading of readings) {
      const { sourceId, epoch } = reading.claim
      await context.ledger.startFullRead({ sourceId, epoch, mapping: settingsNote(reading.job) })
      reading.cursor = undefined
      reading.ahead.clear()
      // What was deleted meanwhile is told by nobody.
      reading.unsure = true
    }
  }
}

async function readChanges(
  context: PipelineContext,
  indexer: Indexer,
  readings: readonly Reading[],
  { onProgress, signal, onCheckpoint }: RoundOptions,
): Promise<void> {
  const byName = new Map(readings.map((reading) => [reading.job.config.name, reading]))
  let told = Number.NEGATIVE_INFINITY
  let released = context.clock.passed()
  for await (const change of indexer.changes(cursorsOf(readings))) {
    signal.throwIfAborted()
    const reading = byName.get(change.source)
    if (reading === undefined)
      throw new AquiferError('INTERNAL', `A change came for ${change.source}, which was not asked for.`)
    if (change.kind === 'checkpoint') {
      reading.position = change.position
      reading.unsure ||= change.compare === true
      reading.isUnderWay = change.partial === true
    }
    await reading.writer.push(change)
    if (context.clock.passed() - told > 100) {
      told = context.clock.passed()
      onProgress({ source: change.source, phase: 'reading', ...reading.writer.counts })
    }
    if (change.kind !== 'checkpoint') continue
    if (onCheckpoint !== undefined && change.partial !== true) {
      // Others may have a long read under way, whose texts take their time.
      await reading.writer.flush()
      await tellCommitted(indexer, readings)
      await onCheckpoint()
      released = context.clock.passed()
    } else if (context.clock.passed() - released > releaseMs) {
      await tellCommitted(indexer, readings)
      released = context.clock.passed()
    }
  }
  for (const { writer } of readings) await writer.flush()
  await tellCommitted(indexer, readings)
}

/** So that a source need not keep its log for all of a long read. */
async function tellCommitted(indexer: Indexer, readings: readonly Reading[]): Promise<void> {
  for (const reading of readings) reading.cursor = reading.writer.cursor ?? reading.cursor
  await indexer.committed?.(cursorsOf(readings))
}

function cursorsOf(readings: readonly Reading[]): Cursors {
  return Object.fromEntries(
    readings.flatMap(({ job, cursor }) => (cursor === undefined ? [] : [[job.config.name, cursor]])),
  )
}

/** Looks for deletes by comparing keys, where the source does not tell them and it is time to, or asks for that. */
export async function compareRound(
  context: PipelineContext,
  indexer: Indexer,
  readings: readonly Reading[],
  options: {
    readonly type: IndexerType
    readonly all: boolean
    readonly onProgress: OnProgress
    readonly signal: AbortSignal
  },
): Promise<void> {
  for (const reading of readings) {
    const { job, claim, writer, position, unsure } = reading
    const isTold = isStreamed(options.type, job)
    const isDue = options.all || context.clock.passed() - reading.comparedMs >= job.config.compareMs
    if (isTold ? !unsure || reading.isUnderWay || (reading.isBlind && !isDue) : !isDue) continue
    await writer.flush()
    const source = job.config.name
    options.onProgress({ source, phase: 'comparing', ...writer.counts })
    const started = context.clock.passed()
    reading.comparedMs = started
    reading.isBlind = false
    try {
      await findDeletes(context, indexer, { source, sourceId: claim.sourceId, writer, position }, options.signal)
    } catch (error) {
      if (!(error instanceof AquiferError) || error.code !== 'SOURCE_KEYS_UNKNOWN') throw error
      context.log.warn({ source, err: error }, 'deletes of a source cannot be found')
      reading.isBlind = true
      continue
    }
    await context.ledger.noteCompared({ sourceId: claim.sourceId, epoch: claim.epoch })
    reading.unsure = false
  }
}

/** Whether the source tells by itself what happens in it. */
export const isStreamed = (type: IndexerType, { config }: SourceJob): boolean =>
  (type.deletesOf?.(config.options) ?? type.deletes) === 'streamed'
