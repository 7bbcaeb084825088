import { compareUtf8 } from '../../core/byte-order.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Indexer, KeyDigest } from '../../core/indexer.ts'
import { openGroup } from '../open-group.ts'
import { paced, tell, type VerifiedSource, type VerifyContext } from './verify-context.ts'

const page = 2000

/** What each side holds of a key; undefined: nothing. */
export interface KeyPair {
  readonly key: string
  readonly atSource: string | undefined
  readonly inLedger: string | undefined
}

/**
 * Walks the source's keys and the ledger's side by side, both in byte order, and yields what is not the same, which may be
 * no more than behind. Of a source that can't say what it holds, nothing.
 */
export async function* differingKeys(
  context: VerifyContext,
  target: VerifiedSource,
  indexer: Indexer,
): AsyncGenerator<KeyPair> {
  const { findings, signal } = context
  const { sourceId, job } = target
  const source = job.config.name
  const held = ledgerKeys(context, sourceId)
  let mine = await held.next()
  for await (const theirs of inPages(context, indexer.keys(source, {}, 'digests'))) {
    findings.of(source).compared += theirs.length
    tell(context, source, 'source')
    for (const { key, digest } of theirs) {
      for (; mine.done !== true && compareUtf8(mine.value.key, key) < 0; mine = await held.next())
        yield { key: mine.value.key, atSource: undefined, inLedger: mine.value.digest }
      const known = mine.done !== true && mine.value.key === key ? mine.value.digest : undefined
      if (known !== undefined) mine = await held.next()
      if (known === undefined || (digest !== undefined && known !== digest))
        yield { key, atSource: digest ?? '', inLedger: known }
    }
  }
  // A walk that was cut short must not look like a source that ends here.
  signal.throwIfAborted()
  for (; mine.done !== true; mine = await held.next())
    yield { key: mine.value.key, atSource: undefined, inLedger: mine.value.digest }
}

async function* ledgerKeys(
  { pipeline }: VerifyContext,
  sourceId: number,
): AsyncGenerator<{ readonly key: string; readonly digest: string }, undefined> {
  for (let after: string | undefined; ;) {
    const keys: readonly { readonly key: string; readonly digest: string }[] = await pipeline.ledger.liveKeys({
      sourceId,
      after,
      limit: page,
    })
    for (const { key, digest } of keys) yield { key, digest: unmarked(digest) }
    if (keys.length < page) return undefined
    after = keys.at(-1)?.key
  }
}

/** The digest without the mark that says to read the item again (see `prepareBatch`). */
export function unmarked(digest: string): string {
  return digest.startsWith('!') ? digest.slice(1) : digest
}

async function* inPages(context: VerifyContext, keys: AsyncIterable<KeyDigest>): AsyncGenerator<readonly KeyDigest[]> {
  const iterator = keys[Symbol.asyncIterator]()
  try {
    for (;;) {
      const items = await paced(context, () => take(iterator))
      yield items
      if (items.length < page) return
    }
  } finally {
    await iterator.return?.()
  }
}

async function take(iterator: AsyncIterator<KeyDigest>): Promise<readonly KeyDigest[]> {
  const items: KeyDigest[] = []
  while (items.length < page) {
    const next = await iterator.next()
    if (next.done === true) break
    items.push(next.value)
  }
  return items
}

/** The digests that the source has of these keys now, in one more walk over all of them. */
export async function digestsAtSource(
  context: VerifyContext,
  { job }: VerifiedSource,
  indexer: Indexer,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const keys of inPages(context, indexer.keys(job.config.name, {}, 'digests')))
    for (const { key, digest } of keys) if (wanted.has(key)) found.set(key, digest ?? '')
  context.signal.throwIfAborted()
  return found
}

/** Opens the source for reading its keys, beside whoever else reads it. */
export async function openForKeys(context: VerifyContext, { group, job }: VerifiedSource): Promise<Indexer> {
  return openGroup(context.pipeline, group, [job], {
    until: 'now',
    everyMs: job.config.everyMs,
    signal: context.signal,
  })
}

export function isKeysUnknown(error: unknown): boolean {
  return error instanceof AquiferError && error.code === 'SOURCE_KEYS_UNKNOWN'
}
