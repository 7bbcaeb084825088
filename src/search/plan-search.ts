import type { Filters } from '../../schemas/search.ts'
import { readableBy, type Caller } from '../core/caller.ts'
import { AquiferError } from '../core/errors.ts'
import type { SearchRequest } from '../core/knowledge.ts'
import type { SearchFilter } from '../core/ledger-search.ts'
import { facet } from '../core/facet.ts'
import { nearest } from '../core/nearest.ts'
import type { SearchContext } from './search-context.ts'

export interface SearchPlan {
  readonly query: string
  readonly filter: SearchFilter
  readonly limit: number
  readonly tokenBudget: number
  readonly neighbours: number
  /** Languages of the sources searched. */
  readonly languages: readonly string[]
}

const longestQuery = 4000

/** Checks a request. A wrong source or filter is refused with the right names, never ignored. */
export async function planSearch(context: SearchContext, request: SearchRequest, caller: Caller): Promise<SearchPlan> {
  const query = request.query.trim()
  if (query.length === 0 || query.length > longestQuery) {
    throw new AquiferError('QUERY_INVALID', `The query has ${query.length.toLocaleString('en-US')} characters.`)
  }
  const named = request.sources ?? []
  const filters = Object.entries(request.filters ?? {})
  const placed = Object.keys(request.minPosition ?? {})
  const isNaming = named.length > 0 || filters.length > 0 || placed.length > 0
  const visible = isNaming ? await visibleSources(context, caller) : Object.keys(context.sources)
  for (const name of [...named, ...placed]) {
    if (!visible.includes(name)) throw new AquiferError('SOURCE_UNKNOWN', unknown('source', name, visible))
  }
  const searched = named.length > 0 ? named : visible
  return {
    query,
    filter: {
      readable: readableBy(caller),
      sources: named.length > 0 ? [...new Set(named)] : undefined,
      facets: filters.map(([field, value]) => facetOf(context, searched, field, value)),
    },
    limit: between(request.limit ?? 10, 1, 100),
    tokenBudget: between(request.tokenBudget ?? 6000, 100, 100_000),
    neighbours: between(request.neighbours ?? 1, 0, 5),
    languages: [...new Set(searched.map((name) => context.sources[name]?.language ?? 'english'))],
  }
}

/** Names that this caller may hear: of sources it can read something of. */
async function visibleSources({ ledger, sources }: SearchContext, caller: Caller): Promise<string[]> {
  const readable = readableBy(caller)
  if (readable === undefined) return Object.keys(sources)
  const found = await ledger.describeSources({ readable })
  return found.filter(({ name, records }) => records > 0 && sources[name] !== undefined).map(({ name }) => name)
}

function facetOf(
  { sources }: SearchContext,
  searched: readonly string[],
  field: string,
  value: Filters[string],
): readonly string[] {
  const declared = [...new Set(searched.flatMap((name) => sources[name]?.mapping.fields ?? []))]
  if (!declared.includes(field)) throw new AquiferError('FILTER_UNKNOWN', unknown('field', field, declared))
  const values = Array.isArray(value) ? value : [value]
  return values.map((one) => facet(field, one))
}

function unknown(what: string, name: string, right: readonly string[]): string {
  const guess = nearest(name, right)
  const list = right.length === 0 ? `There are no ${what}s to name.` : `There are: ${right.join(', ')}.`
  return `There is no ${what} ${name}. ${guess === undefined ? '' : `Did you mean ${guess}? `}${list}`
}

function between(value: number, least: number, most: number): number {
  if (!Number.isFinite(value)) return most
  return Math.round(Math.min(most, Math.max(least, value)))
}
