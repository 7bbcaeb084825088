import { compareUtf8 } from '../core/byte-order.ts'
import type { Indexer } from '../core/indexer.ts'
import type { PipelineContext } from './pipeline.ts'
import type { SourceWriter } from './source-writer.ts'

const page = 5000

/**
 * Deletes by comparison: walks the source's keys and the ledger's side by side, both in byte order, and deletes what
 * only the ledger has. The writer must be flushed and nothing else may write meanwhile, or a change that was read before
 * its item was deleted could be committed after the delete. The ledger's page is read before the source's keys, so a key
 * it holds was there earlier.
 */
export async function findDeletes(
  { ledger }: PipelineContext,
  indexer: Indexer,
  target: {
    readonly source: string
    readonly sourceId: number
    readonly writer: SourceWriter
    readonly position: string
  },
  signal: AbortSignal,
): Promise<number> {
  const { source, sourceId, writer, position } = target
  let found = 0
  let after: string | undefined
  let known = await ledger.liveKeys({ sourceId, after, limit: page })
  const setAside = await ledger.deadLetters({ source, sourceId, limit: page })
  // A key that cannot be kept is shown as another one, which the source does not have.
  const letters = new Set(setAside.filter(({ stage }) => stage !== 'validate').map(({ key }) => key))
  if (known.length === 0 && letters.size === 0) return 0
  let index = 0
  const next = async (): Promise<string | undefined> => {
    if (index < known.length) return known[index]?.key
    if (known.length < page) return undefined
    after = known.at(-1)?.key
    known = await ledger.liveKeys({ sourceId, after, limit: page })
    index = 0
    return known[0]?.key
  }
  const remove = async (key: string): Promise<void> => {
    index++
    found++
    await writer.push({ kind: 'delete', source, key, position })
  }
  // What was set aside may stand before the first key that is held.
  const from = letters.size === 0 ? known[0]?.key : undefined
  for await (const { key } of indexer.keys(source, from === undefined ? {} : { from }, 'keys')) {
    signal.throwIfAborted()
    letters.delete(key)
    for (let held = await next(); held !== undefined && compareUtf8(held, key) < 0; held = await next())
      await remove(held)
    if ((await next()) === key) index++
  }
  // A walk that was cut short must not look like a source that ends here.
  signal.throwIfAborted()
  for (let held = await next(); held !== undefined; held = await next()) await remove(held)
  await writer.flush()
  if (letters.size > 0) await ledger.settleDeadLetters({ sourceId, keys: [...letters] })
  return found
}
