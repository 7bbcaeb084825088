import type { SearchFilter } from '../../../core/ledger-search.ts'
import { cachedMs, type LedgerContext } from '../context.ts'

/**
 * Permission and filters as SQL over `record r`, with parameters numbered from `first`. Part of every query that reads.
 * `hides`: there are editions that do not answer, and the query does not look at the source's row itself.
 */
export function filterSql(
  filter: SearchFilter,
  first: number,
  { hides = false }: { readonly hides?: boolean } = {},
): { sql: string; params: unknown[] } {
  const params: unknown[] = []
  const next = (value: unknown): string => `$${String(first + params.push(value) - 1)}`
  const parts = ['not r.deleted']
  if (filter.readable !== undefined) parts.push(`r.acl && ${next(filter.readable)}::text[]`)
  if (filter.sources !== undefined || hides) {
    const named = filter.sources === undefined ? '' : ` and name = any(${next(filter.sources)}::text[])`
    parts.push(`r.source_id in (select id from source where edition = 'active'${named})`)
  }
  for (const facet of filter.facets) parts.push(`r.facets && ${next(facet)}::text[]`)
  return { sql: parts.join(' and '), params }
}

/** Whether there are editions that do not answer, as it was at most half a second ago: they take places from the others. */
export async function hidesEditions({ db, cache }: LedgerContext): Promise<boolean> {
  const now = performance.now()
  if (cache.editions !== undefined && now - cache.editions.at < cachedMs) return cache.editions.hides
  const rows = await db.query(`select 1 from source where edition <> 'active' limit 1`)
  cache.editions = { hides: rows.length > 0, at: now }
  return cache.editions.hides
}

export function isUnfiltered(filter: SearchFilter): boolean {
  return filter.readable === undefined && filter.sources === undefined && filter.facets.length === 0
}
