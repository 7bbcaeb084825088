import type { CatchUp } from './catch-up.ts'
import { differingKeys, isKeysUnknown, openForKeys, type KeyPair } from './compare-source.ts'
import type { Difference } from './findings.ts'
import { settleKeys } from './settle-keys.ts'
import type { VerifiedSource, VerifyContext } from './verify-context.ts'

/** So many keys are held at once; beyond, what was found is settled first. */
const mostPairs = 50_000

/**
 * The source against the ledger, by the digests that the source gives now. Tells whether it has to be read again to mend
 * what differs.
 */
export async function verifySource(
  context: VerifyContext,
  target: VerifiedSource,
  catchUp: CatchUp,
): Promise<{ readonly needsRead: boolean }> {
  const { findings, pipeline, repair } = context
  const source = target.job.config.name
  let found = 0
  const settle = async (pairs: readonly KeyPair[]): Promise<void> => {
    await using indexer = await openForKeys(context, target)
    const settled = await settleKeys(context, target, { indexer, catchUp, pairs })
    for (const pair of settled)
      findings.add({ source, key: pair.key, store: 'ledger', what: 'record', kind: kindOf(pair) })
    found += settled.length
    // The ledger's digest may be what is wrong, and hide from the next read that its content is.
    const changed = settled.filter((pair) => kindOf(pair) === 'different').map(({ key }) => key)
    if (repair && changed.length > 0) await pipeline.ledger.distrust({ sourceId: target.sourceId, keys: changed })
  }
  try {
    await using indexer = await openForKeys(context, target)
    let pairs: KeyPair[] = []
    for await (const pair of differingKeys(context, target, indexer)) {
      pairs.push(pair)
      if (pairs.length < mostPairs) continue
      await settle(pairs)
      pairs = []
    }
    if (pairs.length > 0) await settle(pairs)
  } catch (error) {
    if (!isKeysUnknown(error)) throw error
    findings.of(source).isBlind = true
  }
  return { needsRead: found > 0 }
}

function kindOf({ atSource, inLedger }: KeyPair): Difference['kind'] {
  if (atSource === undefined) return 'extra'
  return inLedger === undefined ? 'missing' : 'different'
}
