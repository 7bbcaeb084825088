import type { SourceView } from '../../schemas/search.ts'
import { readableBy, type Caller } from '../core/caller.ts'
import { isoTime } from '../core/iso-time.ts'
import type { ProjectionPosition } from '../core/ledger-feed.ts'
import type { LedgerStatus, SourceStatus } from '../core/ledger.ts'
import type { VerifyNote } from '../core/ledger-verify.ts'
import { freshnessOf } from './freshness.ts'
import type { SearchContext } from './search-context.ts'

/** Sources as this caller may know them: an administrator all, anybody else those with a record to read. */
export async function describeSources(context: SearchContext, caller: Caller): Promise<readonly SourceView[]> {
  const { ledger, sources } = context
  const [status, counts] = await Promise.all([
    ledger.status(),
    caller.admin ? undefined : ledger.describeSources({ readable: readableBy(caller) }),
  ])
  const positions = await projectionPositions(context, status)
  const readable = counts === undefined ? undefined : new Map(counts.map(({ name, records }) => [name, records]))
  const held = new Map(status.sources.map((source) => [source.name, source]))
  // What is left of a removed source are tombstones, until no kept generation needs them.
  const left = [...held.values()].filter(({ records }) => records > 0).map(({ name }) => name)
  const names = [...new Set([...Object.keys(sources), ...left])]
  const views = names.map((name) =>
    viewOf(context, name, held.get(name), positions.get(name), readable?.get(name) ?? 0, caller.admin),
  )
  return caller.admin ? views : views.filter(({ records, state }) => records > 0 && state !== 'removed')
}

function viewOf(
  context: SearchContext,
  name: string,
  held: SourceStatus | undefined,
  projected: ProjectionPosition | undefined,
  readable: number,
  admin: boolean,
): SourceView {
  const config = context.sources[name]
  const asOfMs = held?.asOfMs
  return {
    name,
    type: config?.type ?? held?.type ?? '',
    state: stateOf(held, config !== undefined),
    ...(config?.description === undefined ? {} : { description: config.description }),
    ...(config?.owner === undefined ? {} : { owner: config.owner }),
    fields: [...(config?.mapping.fields ?? [])],
    // The lowest over all stores: a projection that is behind holds the ledger's position back.
    position: (projected === undefined ? held?.position : projected.position) ?? null,
    ledger_position: held?.position ?? null,
    as_of: asOfMs === undefined ? null : new Date(asOfMs).toISOString(),
    lag_ms: asOfMs === undefined ? null : Math.max(0, context.clock.now() - asOfMs),
    freshness: freshnessOf(context, name, asOfMs),
    deletes_checked_at: held?.comparedAt === undefined ? null : isoTime(held.comparedAt),
    records: admin ? (held?.records ?? 0) : readable,
    chunks: admin ? (held?.chunks ?? 0) : null,
    dead_letters: admin ? (held?.deadLetters ?? 0) : null,
    verified: admin && held?.verified !== undefined ? pickVerified(held.verified) : null,
    last_error: admin && held?.lastError !== undefined ? pickError(held.lastError) : null,
  }
}

function stateOf(held: SourceStatus | undefined, configured: boolean): SourceView['state'] {
  if (!configured) return 'removed'
  if (held === undefined) return 'new'
  if (held.syncing) return 'syncing'
  if (held.lastError !== undefined) return 'failed'
  return held.asOfMs === undefined ? 'new' : 'idle'
}

async function projectionPositions(
  { ledger, projection }: SearchContext,
  { generation }: LedgerStatus,
): Promise<Map<string, ProjectionPosition>> {
  if (projection === undefined || generation === undefined) return new Map()
  const rows = await ledger.projectionPositions({ projection: projection.name, generation: generation.id })
  return new Map(rows.filter(({ edition }) => edition === 'active').map((row) => [row.source, row]))
}

function pickVerified({ at, differences, mended, complete }: VerifyNote): NonNullable<SourceView['verified']> {
  return { at, differences, mended, complete }
}

function pickError({ code, message, at }: { code: string; message: string; at: string }): {
  code: string
  message: string
  at: string
} {
  return { code, message, at }
}
