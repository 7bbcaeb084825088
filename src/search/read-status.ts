import type { Status } from '../../schemas/search.ts'
import type { Caller } from '../core/caller.ts'
import { toAquiferError } from '../core/errors.ts'
import type { LedgerStatus } from '../core/ledger.ts'
import { describeSources } from './describe-sources.ts'
import type { SearchContext } from './search-context.ts'

/** The embedded store lives in 2 GB of memory; from here on a Postgres is the better place. */
const manyEmbeddedChunks = 50_000

/** A source that sets aside this share of its items has a trouble of its own. */
const muchSetAside = 0.05

/** Everything there is to know of sources and stores, as this caller may know it. */
export async function readStatus(context: SearchContext, caller: Caller): Promise<Status> {
  const [status, sources] = await Promise.all([context.ledger.status(), describeSources(context, caller)])
  const notices: string[] = []
  if (status.kind === 'embedded' && status.chunks >= manyEmbeddedChunks) {
    notices.push(
      `The embedded store holds ${status.chunks.toLocaleString('en-US')} chunks and can't grow far beyond ${manyEmbeddedChunks.toLocaleString('en-US')}: name a Postgres under \`ledger\` ({ postgres: { env: DATABASE_URL } }).`,
    )
  }
  for (const { name, records, dead_letters: letters } of sources) {
    if (letters === null || letters < (records + letters) * muchSetAside) continue
    const share = Math.ceil((100 * letters) / (records + letters))
    if (letters > 0)
      notices.push(
        `${name} has ${letters.toLocaleString('en-US')} items set aside, ${String(share)} % of what it holds: \`aquifer dead-letters --source ${name}\`.`,
      )
  }
  const gone = sources.filter(({ state }) => state === 'removed').map(({ name }) => name)
  if (gone.length > 0)
    notices.push(`No longer configured, still searchable: ${gone.join(', ')}. \`aquifer apply\` removes them.`)
  if (caller.admin) notices.push(...(await numbersNotices(context)))
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

/** Checks that do not hold, and kept answers that could not be computed again, as they were last found. */
async function numbersNotices({ ledger }: SearchContext): Promise<readonly string[]> {
  const [checks, kept] = await Promise.all([ledger.checkNotes(), ledger.keptStates()])
  const bad = checks.filter(({ status }) => status !== 'passed').map(({ metric, name }) => `${metric} (${name})`)
  return [
    ...(bad.length === 0
      ? []
      : [`${shortList(bad)}: checks that do not hold. \`aquifer metrics check\` runs them and says why.`]),
    ...kept.flatMap(({ name, lastError }) =>
      lastError === undefined
        ? []
        : [`The saved query ${name} was not computed at ${lastError.at}: ${lastError.code} ${lastError.message}`],
    ),
  ]
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${String(names.length - 10)} more` : shown
}

async function projectionStore(
  { ledger, projection, log }: SearchContext,
  status: LedgerStatus,
): Promise<Status['stores']> {
  if (projection === undefined) return []
  const generation = status.generation?.id ?? 0
  const store = { name: projection.name, kind: 'lexical' as const, generation }
  if (generation === 0) return [{ ...store, chunks: 0, behind: 0 }]
  const all = await ledger.projectionPositions({ projection: projection.name, generation })
  const positions = all.filter(({ edition }) => edition === 'active')
  const behind = positions.reduce((sum, { feed, head }) => sum + Math.max(0, head - feed), 0)
  try {
    const there = await projection.exists(generation)
    const everything = positions.reduce((sum, { head }) => sum + head, 0)
    return [
      { ...store, chunks: await projection.count(generation, status.hidden), behind: there ? behind : everything },
    ]
  } catch (thrown) {
    log.debug({ err: toAquiferError(thrown) }, 'could not ask the projection what it holds')
    return [{ ...store, chunks: null, behind }]
  }
}
