import type { Db } from '../../../core/db.ts'

/** Recovery reads the log since the last checkpoint; so much of it takes about a fifth of a second. */
const checkpointAfterBytes = 64 << 20

/**
 * What the server's own background processes would do: the embedded one has neither checkpointer (its log would grow for
 * ever) nor autovacuum (dead rows would count in BM25's statistics).
 */
export interface Maintenance {
  /** Writes a checkpoint if enough was logged since the last one. */
  checkpoint(): Promise<void>
  /** Vacuums and analyses the table that needs it most; false if none does. */
  vacuumOne(): Promise<boolean>
}

/** Of a database that was just opened. What is dead in which table is forgotten when it closes, so each is vacuumed once. */
export function createMaintenance(db: Db): Maintenance {
  let unknown: Promise<Set<string>> | undefined
  return {
    checkpoint: async () => {
      const [row] = await db.query<{ bytes: number }>(
        `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
      )
      if ((row?.bytes ?? 0) >= checkpointAfterBytes) await db.exec('checkpoint')
    },
    vacuumOne: async () => {
      unknown ??= allTables(db)
      const tables = await unknown
      const [table] = [...(await needyTables(db)), ...tables]
      if (table === undefined) return false
      tables.delete(table)
      await db.exec(`vacuum (analyze) ${table}`).catch((error: unknown) => {
        // Dropped meanwhile, with its generation.
        if (!(error instanceof Error && 'code' in error && error.code === '42P01')) throw error
      })
      return true
    },
  }
}

async function allTables(db: Db): Promise<Set<string>> {
  const rows = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables where pg_relation_size(relid) > 0`,
  )
  return new Set(rows.map(({ name }) => name))
}

/** The rules of autovacuum, with a lower threshold for dead rows because BM25 counts them. */
async function needyTables(db: Db): Promise<string[]> {
  await db.query('select pg_stat_force_next_flush()')
  const rows = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
     where n_dead_tup > 50 + 0.05 * n_live_tup
       or n_ins_since_vacuum > 1000 + 0.2 * n_live_tup
       or n_mod_since_analyze > 50 + 0.1 * n_live_tup
     order by n_dead_tup desc, n_mod_since_analyze desc limit 1`,
  )
  return rows.map(({ name }) => name)
}
