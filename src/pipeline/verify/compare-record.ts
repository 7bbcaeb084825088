import type { ReadChunk, ReadRecord } from '../../core/ledger-verify.ts'
import { chunkText } from '../chunk/chunk-text.ts'
import { contentHash, type ChunkText } from '../embed-chunks.ts'
import type { PipelineContext } from '../pipeline.ts'
import type { Difference } from './findings.ts'

export interface RecordReport {
  readonly found: readonly Pick<Difference, 'store' | 'what' | 'kind'>[]
  readonly dropChunks: readonly number[]
  readonly dropVectors: readonly number[]
  /** What the record is to have, and of which passages the vectors are needed; undefined: only its source can tell. */
  readonly expected: readonly { readonly chunk: ChunkText; readonly needsVector: boolean }[] | undefined
  /** The source has to be asked for it. */
  readonly distrust: boolean
}

/** What is wrong with a record, judged by its own text: its passages are cut from it again. */
export function compareRecord(
  record: ReadRecord,
  chunking: PipelineContext['chunking'],
  maybeGiven: boolean,
): RecordReport | undefined {
  if (record.content === 'altered') {
    const dropChunks = record.chunks.filter(({ isIntact }) => !isIntact).map(({ chunk }) => chunk)
    const found = [{ store: 'ledger', what: 'record', kind: 'different' }] as const
    return { found, dropChunks, dropVectors: [], expected: undefined, distrust: true }
  }
  const given = record.given ?? (maybeGiven ? undefined : false)
  // An earlier version did not note where the vector is from, and with it how the text was cut.
  if (given === undefined) return undefined
  const texts: readonly ChunkText[] = given
    ? [{ header: record.title, text: record.text, given: true }]
    : chunkText({ ...record, ...chunking })
  return comparePassages(record, texts, given)
}

function comparePassages(record: ReadRecord, texts: readonly ChunkText[], given: boolean): RecordReport | undefined {
  const found: Pick<Difference, 'store' | 'what' | 'kind'>[] = []
  const dropChunks: number[] = []
  const dropVectors: number[] = []
  const held = Map.groupBy(record.chunks, ({ ordinal }) => ordinal)
  const expected = texts.map((text, ordinal) => {
    const here = held.get(ordinal) ?? []
    const right = here.find(({ hash, isIntact }) => isIntact && hash === contentHash(text.header, text.text))
    if (here.length === 0) found.push({ store: 'ledger', what: 'passage', kind: 'missing' })
    else if (right === undefined) found.push({ store: 'ledger', what: 'passage', kind: 'different' })
    const others = here.filter((chunk) => chunk !== right)
    for (const _ of right === undefined ? others.slice(1) : others)
      found.push({ store: 'ledger', what: 'passage', kind: 'extra' })
    dropChunks.push(...others.map(({ chunk }) => chunk))
    return { chunk: text, needsVector: right === undefined || isVectorWrong(right) }
  })
  for (const chunk of record.chunks.filter(({ ordinal }) => ordinal < 0 || ordinal >= texts.length)) {
    found.push({ store: 'ledger', what: 'passage', kind: 'extra' })
    dropChunks.push(chunk.chunk)
  }
  if (found.length === 0 && dropVectors.length === 0) return undefined
  return { found, dropChunks, dropVectors, expected, distrust: given && expected.some((one) => one.needsVector) }

  function isVectorWrong({ chunk, vector }: ReadChunk): boolean {
    if (vector === 'same' || (vector === 'missing' && record.isPartial)) return false
    found.push({ store: 'vectors', what: 'vector', kind: vector })
    if (vector === 'different') dropVectors.push(chunk)
    return true
  }
}
