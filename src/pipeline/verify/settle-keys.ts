import type { Indexer } from '../../core/indexer.ts'
import { letterKey } from '../set-aside.ts'
import type { CatchUp } from './catch-up.ts'
import { digestsAtSource, unmarked, type KeyPair } from './compare-source.ts'
import type { VerifiedSource, VerifyContext } from './verify-context.ts'

/** A row that differs is looked at so often; what changes each time can't be told from a row that is being changed. */
const mostRounds = 5
const page = 2000

/**
 * Sorts out what merely was behind. A key differs once the ledger has passed the moment at which its source was read, and
 * both still say what they said before: a row that goes and comes again could otherwise be met twice when it is gone.
 */
export async function settleKeys(
  context: VerifyContext,
  target: VerifiedSource,
  {
    indexer,
    catchUp,
    pairs,
  }: { readonly indexer: Indexer; readonly catchUp: CatchUp; readonly pairs: readonly KeyPair[] },
): Promise<readonly KeyPair[]> {
  const { pipeline, findings } = context
  const counts = findings.of(target.job.config.name)
  const decided: KeyPair[] = []
  let open = new Map(pairs.map((pair) => [pair.key, pair]))
  let heldBefore: ReadonlyMap<string, string | undefined> = new Map()
  for (let round = 0; open.size > 0 && round < mostRounds; round++) {
    const deletes = [...open.values()].some(({ atSource }) => atSource === undefined)
    if (!(await catchUp.past(target, pipeline.clock.now(), deletes))) break
    const asked = new Set(open.keys())
    const held = await digestsInLedger(context, target.sourceId, [...asked])
    for (const [key, { atSource }] of open) {
      if (!isSame(atSource, held.get(key))) continue
      open.delete(key)
      counts.behind++
    }
    for (const key of await deadKeys(context, target.sourceId, [...open.keys()])) {
      open.delete(key)
      counts.deadLetters++
    }
    if (open.size === 0) break
    const now = await digestsAtSource(context, target, indexer, asked)
    const moved = new Map<string, KeyPair>()
    for (const [key, { atSource }] of open) {
      const pair = { key, atSource: now.get(key), inLedger: held.get(key) }
      const isHeldStill = heldBefore.has(key) && heldBefore.get(key) === pair.inLedger
      if (pair.atSource === atSource && isHeldStill) decided.push(pair)
      else moved.set(key, pair)
    }
    open = moved
    heldBefore = new Map([...asked].map((key) => [key, held.get(key)]))
  }
  counts.undecided += open.size
  return decided
}

/** A source that gives no digests tells only that the key is there. */
function isSame(atSource: string | undefined, inLedger: string | undefined): boolean {
  return atSource === '' ? inLedger !== undefined : atSource === inLedger
}

async function digestsInLedger(
  { pipeline }: VerifyContext,
  sourceId: number,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (let from = 0; from < keys.length; from += page) {
    for (const { key, digest } of await pipeline.ledger.known({ sourceId, keys: keys.slice(from, from + page) }))
      if (digest !== undefined) found.set(key, unmarked(digest))
  }
  return found
}

async function deadKeys(
  { pipeline }: VerifyContext,
  sourceId: number,
  keys: readonly string[],
): Promise<readonly string[]> {
  const dead: string[] = []
  for (let from = 0; from < keys.length; from += page) {
    const some = keys.slice(from, from + page)
    const letters = await pipeline.ledger.deadKeys({ sourceId, keys: some.map(letterKey) })
    // What only a projection refused is in the ledger.
    const shown = new Set(letters.filter(({ stage }) => stage !== 'project').map(({ key }) => key))
    dead.push(...some.filter((key) => shown.has(letterKey(key))))
  }
  return dead
}
