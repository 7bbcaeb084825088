import { randomUUID } from 'node:crypto'
import { AquiferError } from '../core/errors.ts'
import type { Indexer } from '../core/indexer.ts'
import type { DeadLetter } from '../core/ledger.ts'
import type { DeadLetterWrite, RecordWrite } from '../core/ledger-sync.ts'
import { chunkText } from './chunk/chunk-text.ts'
import type { HeldClaim } from './claim-source.ts'
import { contentHash, embedChunks, knownVectors } from './embed-chunks.ts'
import { openGroup } from './open-group.ts'
import type { PipelineContext } from './pipeline.ts'
import { projectLetter } from './project-feed.ts'
import { failedLetter } from './set-aside.ts'
import type { SourceGroup, SourceJob } from './source-job.ts'
import { createSourceWriter } from './source-writer.ts'

interface Replayed {
  readonly group: SourceGroup
  readonly job: SourceJob
  readonly claim: HeldClaim
  readonly generation: number
  readonly signal: AbortSignal
}

/** Processes letters of one claimed source. What cannot be done by itself is left alone. */
export interface Replayer extends AsyncDisposable {
  run(letters: readonly DeadLetter[]): Promise<void>
}

/** The source is opened when the first of them has to be read from it. */
export function openReplayer(context: PipelineContext, source: Replayed): Replayer {
  const { group, job, claim, signal } = source
  let opened: Promise<Indexer> | undefined
  const writer = createSourceWriter(context, {
    claim,
    job,
    loading: false,
    seesDeletes: () => false,
    // Items are read as they are now.
    ahead: new Map(),
    isOlder: undefined,
    signal,
    onCommit: () => {},
  })

  /** Under the claim, and through the writer of every sync: what is read by its key is never older than what is held. */
  const readAgain = async (keys: readonly string[]): Promise<void> => {
    opened ??= openGroup(context, group, [job], { until: 'now', everyMs: job.config.everyMs, signal })
    const indexer = await opened
    if (indexer.read === undefined) return
    for await (const change of indexer.read(job.config.name, keys)) {
      signal.throwIfAborted()
      await writer.push(change)
    }
    await writer.flush()
  }

  return {
    run: async (letters) => {
      const keysOf = (...stages: readonly string[]): string[] => [
        ...new Set(letters.filter(({ stage }) => stages.includes(stage)).map(({ key }) => key)),
      ]
      const read = keysOf('read', 'map', 'chunk')
      if (read.length > 0) await readAgain(read)
      const embed = keysOf('embed')
      if (embed.length > 0) await embedAgain(context, source, embed)
      const project = keysOf('project')
      if (project.length > 0) await projectAgain(context, source, project)
    },
    [Symbol.asyncDispose]: async () => {
      await writer.settled()
      const indexer = await opened?.catch(() => undefined)
      await indexer?.[Symbol.asyncDispose]()
    },
  }
}

/** From the ledger's own text: the source need not give it again. */
async function embedAgain(
  context: PipelineContext,
  { claim, job, signal }: Replayed,
  keys: readonly string[],
): Promise<void> {
  const { ledger, chunking } = context
  const { sourceId, epoch } = claim
  const held = await ledger.recordsByKey({ sourceId, keys })
  const records = held
    .filter(({ mapping }) => mapping === job.mappingDigest)
    .map((record) => ({ record, chunks: chunkText({ ...record, ...chunking }) }))
  const chunks = records.flatMap((one) => one.chunks)
  const embedded = await embedChunks(context, chunks, { known: await knownVectors(context, chunks), signal })
  const letters: DeadLetterWrite[] = []
  const puts = records.map(({ record, chunks: own }): RecordWrite => {
    const written = own.map(({ header, text }) => ({ header, text, hash: contentHash(header, text) }))
    const failed = written.map(({ hash }) => embedded.vectors.get(hash)).find((vector) => vector instanceof Error)
    if (failed !== undefined) letters.push(failedLetter(record, 'embed', failed))
    return {
      ...record,
      digest: failed === undefined ? record.digest.replace(/^!/, '') : record.digest,
      chunks: written.map((chunk) => {
        const vector = embedded.vectors.get(chunk.hash)
        return vector instanceof Float32Array ? { ...chunk, vector } : chunk
      }),
    }
  })
  await ledger.commit({
    sourceId,
    epoch,
    id: randomUUID(),
    mapping: job.mappingDigest,
    language: job.config.language,
    loading: false,
    puts,
    deletes: [],
    deadLetters: letters,
    embeddings: embedded.embeddings,
    usage: embedded.usage,
  })
  const there = new Set(held.map(({ key }) => key))
  const gone = keys.filter((key) => !there.has(key))
  await ledger.settleDeadLetters({ sourceId, keys: gone, stage: 'embed' })
}

/** The record as it is now, under its own version: a newer one that is there already wins. */
async function projectAgain(
  { ledger, projection }: PipelineContext,
  { claim: { sourceId }, generation }: Replayed,
  keys: readonly string[],
): Promise<void> {
  if (projection !== undefined) {
    // Indices that were lost are the projector's to make: empty ones would look complete.
    if (!(await projection.exists(generation)))
      throw new AquiferError('LEXICAL_NOT_READY', 'The indices of this generation are not in Elasticsearch.')
    const records = await ledger.feedRecords({ generation, sourceId, keys })
    const { rejected } = await projection.write(generation, records)
    const letters = rejected.map(({ record }) => projectLetter(record))
    const refused = new Set(letters.map(({ key }) => key))
    await ledger.settleDeadLetters({ sourceId, keys: keys.filter((key) => !refused.has(key)), stage: 'project' })
    if (letters.length > 0) await ledger.addDeadLetters({ sourceId, letters })
    await projection.refresh(generation)
  } else await ledger.settleDeadLetters({ sourceId, keys, stage: 'project' })
}
