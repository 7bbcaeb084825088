import { recordOfChunk } from '../../core/chunk-address.ts'
import { AquiferError } from '../../core/errors.ts'
import type { ReadRecord, RecordMend } from '../../core/ledger-verify.ts'
import { contentHash, embedChunks, knownVectors } from '../embed-chunks.ts'
import { compareRecord, type RecordReport } from './compare-record.ts'
import { paced, tell, type VerifiedSource, type VerifyContext } from './verify-context.ts'

const pageRecords = 300
const strayPage = 20_000

interface Reported {
  readonly record: ReadRecord
  readonly report: RecordReport
}

/**
 * The ledger against itself: each record's columns with what was noted when they were written, its passages with its text,
 * their vectors with those that were paid for. What is wrong is mended page by page. Tells whether its source has to be
 * read again for it.
 */
export async function compareLedger(
  context: VerifyContext,
  { sourceId, job }: VerifiedSource,
): Promise<{ readonly needsRead: boolean }> {
  const { pipeline, generation, findings, repair } = context
  const source = job.config.name
  let needsRead = false
  for (let after: string | undefined; ;) {
    const { records, next } = await paced(context, async () => {
      const page = await pipeline.ledger.readRecords({ generation, sourceId, after, limit: pageRecords })
      const reported = page.records.flatMap((record): Reported[] => {
        const report = compareRecord(record, pipeline.chunking, job.config.mapping.vector !== undefined)
        findings.of(source).compared += 1 + record.chunks.length
        if (record.isPartial) findings.of(source).deadLetters++
        if (record.content === 'unknown') findings.of(source).unchecked++
        return report === undefined ? [] : [{ record, report }]
      })
      for (const { record, report } of reported)
        for (const found of report.found) findings.add({ source, key: record.key, ...found })
      needsRead ||= reported.some(({ report }) => report.distrust)
      if (repair && reported.length > 0) await mend(context, sourceId, reported)
      return page
    })
    tell(context, source, 'ledger')
    if (records.length === 0 || next === undefined) return { needsRead }
    after = next
  }
}

async function mend(context: VerifyContext, sourceId: number, reported: readonly Reported[]): Promise<void> {
  const { pipeline, generation, signal } = context
  const wanted = reported.flatMap(({ report }) => report.expected ?? []).filter(({ needsVector }) => needsVector)
  const chunks = wanted.map(({ chunk }) => chunk)
  const known = await knownVectors(pipeline, chunks)
  const { vectors, embeddings, usage } = await embedChunks(pipeline, chunks, { known, signal })
  const records = reported.map(({ record, report }): RecordMend => ({
    recordId: record.recordId,
    version: record.version,
    dropChunks: report.dropChunks,
    dropVectors: report.dropVectors,
    distrust: report.distrust,
    chunks: report.expected?.map(({ chunk: { header, text }, needsVector }) => {
      const hash = contentHash(header, text)
      const vector = needsVector ? vectors.get(hash) : undefined
      return vector instanceof Float32Array ? { header, text, hash, vector } : { header, text, hash }
    }),
  }))
  await pipeline.ledger.mendRecords({ generation, sourceId, records, embeddings, usage })
}

/** Passages of no record and vectors of no passage, of these sources or of none that is known. */
export async function compareStrays(context: VerifyContext, names: ReadonlySet<string> | undefined): Promise<void> {
  const { pipeline, generation, findings, repair } = context
  const { ledger } = pipeline
  for (let after: number | undefined = -1; after !== undefined;) {
    const from: number = after
    after = await paced(context, async () => {
      const { chunks, vectors, next } = await ledger.strays({ generation, after: from, limit: strayPage })
      if (next !== undefined && next <= from) throw new AquiferError('INTERNAL', 'A page of the ledger does not end.')
      const ids = [...new Set([...chunks, ...vectors].map(recordOfChunk))]
      const known = new Map((await ledger.recordNames({ recordIds: ids })).map((record) => [record.recordId, record]))
      const concerns = (chunk: number): boolean => names?.has(known.get(recordOfChunk(chunk))?.source ?? '') ?? true
      const wanted = { chunks: chunks.filter(concerns), vectors: vectors.filter(concerns) }
      for (const [what, store, list] of [
        ['passage', 'ledger', wanted.chunks],
        ['vector', 'vectors', wanted.vectors],
      ] as const) {
        for (const chunk of list) {
          const { source = '', key = `chunk ${String(chunk)}` } = known.get(recordOfChunk(chunk)) ?? {}
          findings.add({ source, key, store, what, kind: 'extra' })
        }
      }
      if (repair && wanted.chunks.length + wanted.vectors.length > 0)
        await ledger.removeStrays({ generation, ...wanted })
      return next
    })
  }
}
