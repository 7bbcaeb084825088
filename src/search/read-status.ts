import type { Status } from '../../schemas/search.ts'
import type { Caller } from '../core/caller.ts'
import { toAquiferError } from '../core/errors.ts'
import type { LedgerStatus } from '../core/ledger.ts'
import { describeSources } from './describe-sources.ts'
import type { SearchContext } from './search-context.ts'

/** The embedded store lives in 2 GB of memory; from here on a Postgres is the better place. */
const manyEmbeddedChunks = 50_000

/** Everything there is to know of sources and stores, as this caller may know it. */
export async function readStatus(context: SearchContext, caller: Caller): Promise<Status> {
  const [status, sources] = await Promise.all([context.ledger.status(), describeSources(context, caller)])
  const notices: string[] = []
  if (status.kind === 'embedded' && status.chunks >= manyEmbeddedChunks) {
    notices.push(
      `The embedded store holds ${status.chunks.toLocaleString('en-US')} chunks and can't grow far beyond ${manyEmbeddedChunks.toLocaleString('en-US')}: name a Postgres under \`ledger\` ({ postgres: { env: DATABASE_URL } }).`,
    )
  }
  const gone = sources.filter(({ state }) => state === 'removed').map(({ name }) => name)
  if (gone.length > 0)
    notices.push(`No longer configured, still searchable: ${gone.join(', ')}. \`aquifer sync --full\` removes them.`)
  const generation = status.generation?.id ?? 0
  return {
    sources: [...sources],
    stores: [
      { name: status.kind, kind: 'ledger', generation, chunks: status.chunks, behind: 0 },
      ...(await projectionStore(context, status)),
    ],
    usage: { tokens: status.usage.tokens, cost: status.usage.cost },
    notices,
  }
}

async function projectionStore(
  { ledger, projection, log }: SearchContext,
  status: LedgerStatus,
): Promise<Status['stores']> {
  if (projection === undefined) return []
  const generation = status.generation?.id ?? 0
  const store = { name: projection.name, kind: 'lexical' as const, generation }
  if (generation === 0) return [{ ...store, chunks: 0, behind: 0 }]
  const positions = await ledger.projectionPositions({ projection: projection.name, generation })
  const behind = positions.reduce((sum, { feed, head }) => sum + Math.max(0, head - feed), 0)
  try {
    const there = await projection.exists(generation)
    const everything = positions.reduce((sum, { head }) => sum + head, 0)
    return [{ ...store, chunks: await projection.count(generation), behind: there ? behind : everything }]
  } catch (thrown) {
    log.debug({ err: toAquiferError(thrown) }, 'could not ask the projection what it holds')
    return [{ ...store, chunks: null, behind }]
  }
}
