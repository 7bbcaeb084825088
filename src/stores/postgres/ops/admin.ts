import { randomBytes } from 'node:crypto'
import type { LedgerAdmin, LedgerStatus, SourceStatus } from '../../../core/ledger.ts'
import { activeGeneration, tablesOf, type LedgerContext } from '../context.ts'

type Nullable<T> = { [K in keyof T]: Exclude<T[K], undefined> | null }

/** What operators look at. */
export function admin({ db }: LedgerContext): Pick<LedgerAdmin, 'status' | 'secret'> {
  return {
    status: async (): Promise<LedgerStatus> => {
      const generation = await activeGeneration(db)
      const ids = await db.query<{ id: number }>(`select id from generation order by id`)
      const rows = await db.query<Nullable<SourceStatus>>(
        `select id, name, type, language, mapping, made_with as "madeWith", coalesce(lease_until > now(), false) as syncing, position, feed,
           (extract(epoch from as_of) * 1000)::bigint as "asOfMs", compared_at as "comparedAt", records, chunks, last_error as "lastError", verified,
           (select count(*) from dead_letter d where d.source_id = s.id) as "deadLetters"
         from source s where edition = 'active' order by name`,
      )
      const hidden = await db.query<{ id: number }>(`select id from source where edition <> 'active' order by id`)
      const [usage] = await db.query<{ tokens: number; cost: number }>(
        `select coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(cost), 0) as cost from usage`,
      )
      return {
        kind: db.kind,
        generation,
        generations: ids.map(({ id }) => id),
        hasLexical: generation !== undefined && (await hasBm25(generation.id)),
        sources: rows.map(withoutNulls),
        hidden: hidden.map(({ id }) => id),
        chunks: rows.reduce((sum, { chunks }) => sum + (chunks ?? 0), 0),
        usage: usage ?? { tokens: 0, cost: 0 },
      }
    },
    secret: async ({ purpose }) => {
      const key = `secret:${purpose}`
      await db.query(`insert into meta (key, value) values ($1, $2) on conflict do nothing`, [
        key,
        randomBytes(32).toString('hex'),
      ])
      const [row] = await db.query<{ value: string }>(`select value from meta where key = $1`, [key])
      return row?.value ?? ''
    },
  }

  async function hasBm25(generation: number): Promise<boolean> {
    const [row] = await db.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [
      tablesOf(generation).bm25('english'),
    ])
    return row?.found === true
  }
}

function withoutNulls(row: Nullable<SourceStatus>): SourceStatus {
  // Only the columns that may be null in the table are; the type of each of them allows undefined.
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, value ?? undefined]),
  ) as unknown as SourceStatus
}
