import type { Hit, RecordView, SearchAnswer } from '../../schemas/search.ts'
import { readableBy, type Caller } from '../core/caller.ts'
import { recordOfChunk } from '../core/chunk-address.ts'
import { AquiferError } from '../core/errors.ts'
import type { Knowledge } from '../core/knowledge.ts'
import type { Standings } from '../core/ledger-feed.ts'
import { collectHits, type FoundHit } from './collect-hits.ts'
import { describeSources } from './describe-sources.ts'
import { awaitFreshness } from './await-freshness.ts'
import { ageOf, freshnessIn, lagNotices, staleNotices, unreadNotices } from './freshness.ts'
import { planDemand } from './freshness-demand.ts'
import { packHits, type PackedHit } from './pack-hits.ts'
import { readPageCursor, writePageCursor } from './page-cursor.ts'
import { planSearch, type SearchPlan } from './plan-search.ts'
import { parseRecordId, recordId } from './record-id.ts'
import { retrieve, type Retrieved } from './retrieve.ts'
import type { SearchContext } from './search-context.ts'

/** A leg is asked for so many; more when a page lies deeper or most of them may not be read. */
const depth = 100
const deepest = 1600

/** Search, fetch and descriptions over a ledger, every one of them with a caller. */
export function createKnowledge(context: SearchContext): Knowledge {
  const secret = lazily(() => context.ledger.secret({ purpose: 'page-cursor' }))
  return {
    search: async (request, caller, signal) => {
      const plan = await planSearch(context, request, caller)
      const offset = request.cursor === undefined ? 0 : readPageCursor(await secret(), plan, caller, request.cursor)
      const demand = await planDemand(context, request)
      const reached = demand === undefined ? undefined : await awaitFreshness(context, plan, { demand, caller, signal })
      // Before anything is looked for: what comes in meanwhile may or may not be found.
      const standings = await readStandings(context, plan)
      const searched = standings.sources
      const { hits, retrieved, more } = await findPage(context, plan, { offset, standings, signal })
      const packed = await packHits(context, plan, hits)
      const answer = toAnswer(context, plan, packed, retrieved)
      const oldest = oldestOf(searched.map(({ asOfMs }) => asOfMs))
      const shown = new Set(packed.map(({ hit }) => hit.source))
      const told = new Set([...shown, ...(plan.filter.sources ?? []), ...(reached?.keys() ?? [])])
      const concerned = searched.filter(({ source }) => told.has(source))
      return {
        ...answer,
        as_of: oldest === undefined ? null : new Date(oldest).toISOString(),
        sources: concerned.map((standing) => freshnessIn(context, standing, reached?.get(standing.source))),
        notices: [
          ...answer.notices,
          ...unreadNotices(oldest),
          ...staleNotices(
            context,
            concerned.filter(({ source }) => shown.has(source)),
          ),
          ...lagNotices(concerned, reached),
        ],
        ...(more || packed.length < hits.length
          ? { next_cursor: writePageCursor(await secret(), plan, caller, offset + packed.length) }
          : {}),
      }
    },
    fetch: async (id, caller) => fetchRecord(context, id, caller),
    describe: (caller) => describeSources(context, caller),
  }
}

/** Of the sources searched, whoever may see them. */
async function readStandings({ ledger, projection }: SearchContext, { filter }: SearchPlan): Promise<Standings> {
  const asked = { projection: projection?.name, readable: undefined, sources: filter.sources }
  return ledger.standings(asked)
}

interface Page {
  readonly hits: readonly FoundHit[]
  readonly retrieved: Retrieved
  readonly more: boolean
}

interface PageOptions {
  readonly offset: number
  /** As they were before anything was looked for. */
  readonly standings: Standings
  readonly signal: AbortSignal | undefined
}

/** Goes deeper until the page is full or the legs have no more. Looks again where other editions answer by then. */
async function findPage(context: SearchContext, plan: SearchPlan, options: PageOptions): Promise<Page> {
  const { offset, signal, standings } = options
  const { hidden } = standings
  const wanted = offset + plan.limit + 1
  let keep = wanted
  for (let asked = depth; ;) {
    const retrieved = await retrieve(context, plan, asked, { keep, hidden, signal })
    const found = await collectHits(context, plan, retrieved.candidates, wanted)
    if (found.length >= wanted || (!retrieved.pruned && (!retrieved.deeper || asked >= deepest))) {
      // What was found may have been of an edition that was answering until a moment ago.
      const now = found.length >= wanted || isWhole(found, retrieved) ? standings : await readStandings(context, plan)
      if (isSwitched(standings, now)) return findPage(context, plan, { ...options, standings: now })
      return { hits: found.slice(offset, wanted - 1), retrieved, more: found.length >= wanted }
    }
    // First everything that was found at this depth, then deeper.
    if (retrieved.pruned) keep = Number.POSITIVE_INFINITY
    else asked *= 4
  }
}

/** Nothing that was found was passed over. */
function isWhole(found: readonly FoundHit[], { candidates }: Retrieved): boolean {
  return found.length >= new Set(candidates.map(({ chunk }) => recordOfChunk(chunk))).size
}

function isSwitched(before: Standings, now: Standings): boolean {
  const ids = new Map(before.sources.map(({ source, sourceId }) => [source, sourceId]))
  return now.sources.some(({ source, sourceId }) => (ids.get(source) ?? sourceId) !== sourceId)
}

function toAnswer(
  context: SearchContext,
  plan: SearchPlan,
  packed: readonly PackedHit[],
  retrieved: Retrieved,
): Pick<SearchAnswer, 'query' | 'hits' | 'notices'> {
  const hits = packed.map(({ hit, text }): Hit => {
    const { lexical, vector, score } = hit.candidate
    return {
      id: recordId(hit.source, hit.key),
      source: hit.source,
      title: hit.title,
      url: hit.url,
      text,
      score,
      ...ageOf(context, hit.asOfMs),
      ...(hit.modifiedAt === undefined ? {} : { modified_at: hit.modifiedAt }),
      ...(Object.keys(hit.fields).length === 0 ? {} : { fields: { ...hit.fields } }),
      passage: hit.ordinal,
      legs: {
        ...(lexical === undefined ? {} : { lexical: legOf(lexical) }),
        ...(vector === undefined ? {} : { vector: legOf(vector) }),
      },
    }
  })
  return { query: plan.query, hits, notices: [...retrieved.notices] }
}

function legOf({ rank, score }: { rank: number | undefined; score: number }): { rank?: number; score: number } {
  return rank === undefined ? { score } : { rank, score }
}

async function fetchRecord(context: SearchContext, id: string, caller: Caller): Promise<RecordView> {
  const place = parseRecordId(id)
  const record =
    place === undefined ? undefined : await context.ledger.readRecord({ ...place, readable: readableBy(caller) })
  if (record === undefined) throw new AquiferError('RECORD_NOT_FOUND', `There is no record ${id.slice(0, 200)}.`)
  return {
    id,
    source: record.source,
    title: record.title,
    url: record.url,
    text: record.text,
    fields: { ...record.fields },
    position: record.position,
    source_position: record.sourcePosition ?? null,
    ...(record.modifiedAt === undefined ? {} : { modified_at: record.modifiedAt }),
    ...ageOf(context, record.asOfMs),
  }
}

function oldestOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    }))
}
