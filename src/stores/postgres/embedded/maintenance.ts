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
export function createMaintenance(db: Db, warn: (details: object, text: string) => void): Maintenance {
  /** Tables vacuumed since opening, with the dead rows that were left in them. */
  const vacuumed = new Map<string, number>()
  return {
    checkpoint: async () => {
      const [row] = await db.query<{ bytes: number }>(
        `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
      )
      if ((row?.bytes ?? 0) >= checkpointAfterBytes) await db.exec('checkpoint')
    },
    vacuumOne: async () => {
      const tables = await readTables(db)
      const table = tables.find((each) => isDue(each, vacuumed.get(each.name)))
      if (table === undefined) return false
      // Cleaning a graph repairs it around each dead vector: half a minute for a hundred. A search passes them by.
      const options = table.graph ? 'analyze, index_cleanup off' : 'analyze'
      await db.exec(`vacuum (${options}) ${table.name}`).catch((error: unknown) => {
        // Dropped meanwhile, with its generation.
        if (!(error instanceof Error && 'code' in error && error.code === '42P01')) throw error
      })
      const after = (await readTables(db)).find(({ name }) => name === table.name)
      vacuumed.set(table.name, after?.dead ?? 0)
      if (table.graph && after !== undefined && after.dead > 1000 + after.live) {
        const { live, dead } = after
        warn(
          { live, dead },
          'most vectors in the index are dead: backup and restore into an empty folder build it anew',
        )
      }
      return true
    },
  }
}

interface Table {
  readonly name: string
  readonly live: number
  readonly dead: number
  readonly changed: number
  readonly inserted: number
  /** Whether it has a graph of vectors. */
  readonly graph: boolean
}

/** The rules of autovacuum, with a lower threshold for dead rows because BM25 counts them. */
function isDue({ live, dead, changed, inserted }: Table, left: number | undefined): boolean {
  return (
    left === undefined || dead - left > 50 + 0.05 * live || inserted > 1000 + 0.2 * live || changed > 50 + 0.1 * live
  )
}

/** Tables that hold anything, the one with most dead rows first. */
async function readTables(db: Db): Promise<Table[]> {
  await db.query('select pg_stat_force_next_flush()')
  return db.query<Table>(
    `select format('%I.%I', schemaname, relname) as name, n_live_tup as live, n_dead_tup as dead,
       n_mod_since_analyze as changed, n_ins_since_vacuum as inserted, exists (
         select 1 from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
         where i.indrelid = s.relid and a.amname = 'hnsw') as graph
     from pg_stat_user_tables s where pg_relation_size(relid) > 0 order by n_dead_tup desc`,
  )
}
