import type { SearchFilter } from '../../../core/ledger-search.ts'

/** Permission and filters as SQL over `record r`, with parameters numbered from `first`. Part of every query that reads. */
export function filterSql(filter: SearchFilter, first: number): { sql: string; params: unknown[] } {
  const params: unknown[] = []
  const next = (value: unknown): string => `$${String(first + params.push(value) - 1)}`
  const parts = ['not r.deleted']
  if (filter.readable !== undefined) parts.push(`r.acl && ${next(filter.readable)}::text[]`)
  if (filter.sources !== undefined) {
    parts.push(`r.source_id in (select id from source where name = any(${next(filter.sources)}::text[]))`)
  }
  for (const facet of filter.facets) parts.push(`r.facets && ${next(facet)}::text[]`)
  return { sql: parts.join(' and '), params }
}

export function isUnfiltered(filter: SearchFilter): boolean {
  return filter.readable === undefined && filter.sources === undefined && filter.facets.length === 0
}
