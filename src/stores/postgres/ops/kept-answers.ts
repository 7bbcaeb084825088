import type { Queryable } from '../../../core/db.ts'
import type { KeepAnswer, KeptCell, KeptColumn, KeptState, LedgerNumbers } from '../../../core/ledger-numbers.ts'
import type { LedgerContext } from '../context.ts'
import { isoSql } from '../iso-sql.ts'

type KeptOperations = Pick<
  LedgerNumbers,
  'keepAnswer' | 'confirmAnswer' | 'noteKeptFailure' | 'keptStates' | 'keptAnswer' | 'forgetNumbers'
>

interface StateRow extends Omit<KeptState, 'asOf' | 'firstPeriod' | 'lastPeriod' | 'lastError'> {
  readonly asOf: string | null
  readonly firstPeriod: string | null
  readonly lastPeriod: string | null
  readonly lastError: NonNullable<KeptState['lastError']> | null
}

/** Answers that were computed ahead: one row each, and their rows by period. */
export function keptAnswers({ db }: LedgerContext): KeptOperations {
  return {
    keepAnswer: (answer) => db.transaction((tx) => keep(tx, answer)),
    confirmAnswer: async ({ name, policy, definition, watermark, asOf }) => {
      await db.query(
        `update kept_answer set as_of = greatest(as_of, $5::timestamptz), last_error = null
         where name = $1 and policy = $2 and definition = $3 and watermark = $4 and complete`,
        [name, policy, definition, watermark, asOf],
      )
    },
    noteKeptFailure: ({ name, policy, definition, error, at }) =>
      db.transaction(async (tx) => {
        const failure = JSON.stringify({ ...error, at })
        const rows = await tx.query(
          `insert into kept_answer (name, policy, definition, columns, watermark, complete, last_error)
           values ($1, $2, $3, '[]', '', false, $4)
           on conflict (name, policy) do update set last_error = excluded.last_error
           where kept_answer.definition = excluded.definition returning name`,
          [name, policy, definition, failure],
        )
        if (rows.length > 0) return
        await tx.query(`delete from kept_part where name = $1 and policy = $2`, [name, policy])
        await tx.query(
          `update kept_answer set definition = $3, columns = '[]', watermark = '', as_of = null, complete = false, last_error = $4
           where name = $1 and policy = $2`,
          [name, policy, definition, failure],
        )
      }),
    keptStates: async () => {
      const rows = await db.query<StateRow>(
        `select a.name, a.policy, a.definition, a.watermark, a.complete, ${isoSql('a.as_of')} as "asOf",
           a.last_error as "lastError", p.first as "firstPeriod", p.last as "lastPeriod"
         from kept_answer a left join lateral (
           select min(period) as first, max(period) as last from kept_part
           where name = a.name and policy = a.policy and period <> 'null'
         ) p on true order by a.name, a.policy`,
      )
      return rows.map(({ asOf, firstPeriod, lastPeriod, lastError, ...row }) => ({
        ...row,
        asOf: asOf ?? undefined,
        firstPeriod: firstPeriod ?? undefined,
        lastPeriod: lastPeriod ?? undefined,
        lastError: lastError ?? undefined,
      }))
    },
    keptAnswer: async ({ name, policy, definition, from, until }) => {
      // One statement, so that head and rows are of one state.
      const [row] = await db.query<{ columns: string; watermark: string; asOf: string; rows: string }>(
        `select a.columns, a.watermark, ${isoSql('a.as_of')} as "asOf", '[' || coalesce((
           select string_agg(p.rows, ',' order by p.period) from kept_part p
           where p.name = a.name and p.policy = a.policy
             and (($4::text is null and $5::text is null) or p.period <> 'null')
             and ($4::text is null or p.period >= $4 collate "C") and ($5::text is null or p.period < $5 collate "C")
         ), '') || ']' as rows
         from kept_answer a where a.name = $1 and a.policy = $2 and a.definition = $3 and a.complete`,
        [name, policy, definition, from ?? null, until ?? null],
      )
      if (row === undefined) return undefined
      // Both were written by `keep`.
      const columns = JSON.parse(row.columns) as readonly KeptColumn[]
      const rows = (JSON.parse(row.rows) as readonly (readonly (readonly KeptCell[])[])[]).flat()
      return { name, policy, definition, columns, watermark: row.watermark, asOf: row.asOf, rows }
    },
    forgetNumbers: ({ checks, kept }) =>
      db.transaction(async (tx) => {
        await tx.query(
          `delete from metric_check c where not exists (
             select from jsonb_to_recordset($1::jsonb) as x(metric text, name text) where x.metric = c.metric and x.name = c.name)`,
          [JSON.stringify(checks)],
        )
        await tx.query(`delete from kept_part where not name = any($1::text[])`, [kept])
        await tx.query(`delete from kept_answer where not name = any($1::text[])`, [kept])
      }),
  }
}

async function keep(tx: Queryable, answer: KeepAnswer): Promise<{ kept: boolean }> {
  const { name, policy, definition, columns, watermark, asOf, since, parts } = answer
  await tx.query(
    `insert into kept_answer (name, policy, definition, columns, watermark, complete)
     values ($1, $2, $3, '[]', '', false) on conflict do nothing`,
    [name, policy, definition],
  )
  const [current] = await tx.query<{ later: boolean; base: boolean }>(
    `select coalesce(as_of > $3, false) as later,
       complete and definition = $4 and coalesce(as_of = $5::timestamptz, false) as base
     from kept_answer where name = $1 and policy = $2 for update`,
    [name, policy, asOf, definition, since?.base ?? null],
  )
  if (current === undefined || current.later || (since !== undefined && !current.base)) return { kept: false }
  await tx.query(
    `delete from kept_part where name = $1 and policy = $2 and ($3::text is null or period >= $3 collate "C")`,
    [name, policy, since?.period ?? null],
  )
  await tx.query(
    `insert into kept_part (name, policy, period, rows)
     select $1, $2, x.period, x.rows from unnest($3::text[], $4::text[]) as x(period, rows)`,
    [name, policy, parts.map(({ period }) => period), parts.map(({ rows }) => JSON.stringify(rows))],
  )
  await tx.query(
    `update kept_answer set definition = $3, columns = $4, watermark = $5, as_of = $6, complete = true, last_error = null
     where name = $1 and policy = $2`,
    [name, policy, definition, JSON.stringify(columns), watermark, asOf],
  )
  return { kept: true }
}
