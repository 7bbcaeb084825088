import type { Db } from '../../src/core/db.ts'
import type { OperationRules } from '../../src/stores/postgres/embedded/operation-rules.ts'

/** Operations that do to an embedded store what the ledger's should not: a store opens them by this module's address. */
export const embeddedOperationsUrl = import.meta.url

export const embeddedRules: Readonly<Record<string, OperationRules>> = {
  append: { lane: 'write', deadlineMs: 30_000 },
  lines: { lane: 'read', deadlineMs: 10_000, patienceMs: 10_000 },
  erase: { lane: 'write', deadlineMs: 30_000 },
  fill: { lane: 'write', deadlineMs: 30_000 },
  spin: { lane: 'read', deadlineMs: 1000 },
  crash: { lane: 'write', deadlineMs: 30_000 },
  refuse: { lane: 'read', deadlineMs: 10_000 },
  measure: { lane: 'read', deadlineMs: 10_000 },
}

interface Line {
  readonly writer: string
  readonly n: number
}

/** What an acknowledged `append` wrote must be in `lines` for ever. */
export async function openOperations(db: Db): Promise<object> {
  await db.exec('create table if not exists line (writer text, n int, filler text, primary key (writer, n))')
  return {
    append: ({ writer, n }: Line) =>
      db.query('insert into line values ($1, $2) on conflict do nothing', [writer, n]).then(() => undefined),
    lines: async ({ writer }: { writer: string }) =>
      (await db.query<{ n: number }>('select n from line where writer = $1 order by n', [writer])).map(({ n }) => n),
    erase: ({ writer }: { writer: string }) => db.query('delete from line where writer = $1', [writer]),
    fill: ({ writer, rows, from }: { writer: string; rows: number; from: number }) =>
      db
        .query(
          `insert into line select $1, g, (select string_agg(md5(random()::text), '') from generate_series(1, 60) where g > 0)
           from generate_series($3::int, $3::int + $2::int - 1) g`,
          [writer, rows, from],
        )
        .then(() => undefined),
    spin: () => db.query('select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'),
    crash: () => process.exit(7),
    refuse: ({ value }: { value: string }) => db.query('select $1::int', [value]),
    measure: async () => {
      await db.query('select pg_stat_force_next_flush()')
      const [row] = await db.query<{ dead: number; logged: number }>(
        `select (select n_dead_tup from pg_stat_user_tables where relname = 'line') as dead,
           (select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 from pg_control_checkpoint()) as logged`,
      )
      return row
    },
  }
}
