import type { LedgerFeed, SourceStanding } from '../../../core/ledger-feed.ts'
import type { LedgerContext } from '../context.ts'
import { filterSql } from './filter.ts'

interface Row extends Omit<SourceStanding, 'position' | 'asOfMs' | 'lowest'> {
  readonly generation: number | null
  readonly hidden: readonly number[]
  readonly position: string | null
  readonly asOfMs: number | null
  readonly lowest: string | null
}

/** Small rows only, so that it can be asked again and again by whoever waits for them. */
export function standings({ db }: LedgerContext): Pick<LedgerFeed, 'standings'> {
  return {
    standings: async ({ projection, readable, sources }) => {
      const { sql, params } = filterSql({ readable, sources: undefined, facets: [] }, 3)
      const seen =
        readable === undefined ? 'true' : `exists (select 1 from record r where r.source_id = s.id and ${sql})`
      const rows = await db.query<Row>(
        `with active as (select id from generation where state = 'active')
         select (select id from active) as generation,
           (select coalesce(json_agg(h.id), '[]') from source h where h.edition <> 'active') as hidden, s.id as "sourceId", s.name as source, s.position, (extract(epoch from s.as_of) * 1000)::bigint as "asOfMs",
           s.position_feed as "positionFeed", s.feed as head, s.deletes_due as "deletesDue",
           coalesce(s.lease_until > now(), false) as syncing, case when $1::text is null then s.feed else coalesce(p.feed, 0) end as projected,
           case when $1::text is null or coalesce(p.feed, 0) >= s.position_feed then s.position else p.position end as lowest
         from source s left join projection p on p.source_id = s.id and p.name = $1 and p.generation in (select id from active)
         where s.edition = 'active' and ($2::text[] is null or s.name = any($2::text[])) and ${seen} order by s.name`,
        [projection ?? null, sources ?? null, ...(readable === undefined ? [] : params)],
      )
      const [first] = rows
      return {
        generation: first?.generation ?? undefined,
        hidden: first?.hidden ?? [],
        sources: rows.map(toStanding),
      }
    },
  }
}

function toStanding(row: Row): SourceStanding {
  const { sourceId, source, positionFeed, head, projected, deletesDue, syncing, position, asOfMs, lowest } = row
  return {
    sourceId,
    source,
    positionFeed,
    head,
    projected,
    deletesDue,
    syncing,
    position: position ?? undefined,
    asOfMs: asOfMs ?? undefined,
    lowest: lowest ?? undefined,
  }
}
