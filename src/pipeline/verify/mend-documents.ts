import { recordOfChunk } from '../../core/chunk-address.ts'
import type { RecordName } from '../../core/ledger-verify.ts'
import type { LexicalProjection } from '../../core/lexical.ts'
import type { WrongChunk } from './compare-lexical.ts'
import type { VerifyContext } from './verify-context.ts'

/** What was removed there may have left a version that nobody can read: so far above the record's own. */
const unseenVersions = 100
/** Versions are numbers that JavaScript can count on. */
const largestVersion = Number.MAX_SAFE_INTEGER - 1_000_000_000

/**
 * Mends documents. The records get feed numbers above every version that the store holds of theirs, so that the projector
 * writes them over whatever is there, and later changes win, too. What belongs to nothing is removed, if nobody wrote it since.
 */
export async function mendDocuments(
  { pipeline }: VerifyContext,
  projection: LexicalProjection,
  wrong: readonly WrongChunk[],
  names: ReadonlyMap<number, RecordName>,
): Promise<void> {
  const bySource = Map.groupBy(wrong, ({ chunk }) => names.get(recordOfChunk(chunk))?.sourceId)
  for (const [sourceId, some] of bySource) {
    if (sourceId === undefined) continue
    const versions = some.flatMap(({ documents, wanted }) => [
      ...documents.map(({ version }) => version),
      ...(documents.length > 0 ? [] : [(wanted?.feed ?? 0) + unseenVersions]),
    ])
    const above = Math.max(0, ...versions.filter((version) => version < largestVersion))
    const recordIds = [
      ...new Set(some.filter(({ wanted }) => wanted !== undefined).map(({ chunk }) => recordOfChunk(chunk))),
    ]
    await pipeline.ledger.raiseFeed({ sourceId, recordIds, above })
  }
  await projection.remove(wrong.flatMap(({ surplus }) => surplus.map(({ place }) => place)))
}
