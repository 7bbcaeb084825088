import type { Moment } from './server.ts'
import type { Session } from './session.ts'
import type { Place } from '../../src/core/source-error.ts'

/**
 * Who may still write values that are already old. A transaction takes the time of its start, or a number, long before
 * it commits, and often before it has a transaction id: until then no snapshot names it, but its lock on its own
 * virtual id does, for everybody to see.
 */
export interface Running {
  /** Virtual ids of the transactions of this database, other than ours. */
  readonly virtual: readonly string[]
  /** Transactions of this database that wait for their COMMIT PREPARED; they have no virtual id any more. */
  readonly prepared: readonly string[]
  /** Grows whenever a transaction with a transaction id ends. */
  readonly xmax: string
}

/** A value of the cursor column that was read, and who has to end before nothing below it can appear any more. */
export interface Mark {
  readonly value: string
  readonly waiting: readonly string[]
}

export interface Marks {
  /** Every row with a lower value has been read, for good. */
  readonly safe: string | null
  /** Oldest first. */
  readonly pending: readonly Mark[]
}

const mostPending = 32

// Autovacuum has no user, and a session that nothing is known of counts. The parts of `union all` run in order: a
// transaction that gives up its virtual id meanwhile shows as prepared.
const runningSql = `select 'virtual', l.virtualtransaction from pg_locks l left join pg_stat_activity a using (pid)
      join pg_database d on d.datname = current_database()
    where l.locktype = 'virtualxid' and l.granted and l.mode = 'ExclusiveLock' and l.pid <> pg_backend_pid()
      and not coalesce(a.datid <> d.oid or (a.datid is not null and a.usesysid is null), false)
  union all select 'prepared', 'prepared ' || transaction::text from pg_prepared_xacts where database = current_database()
  union all select 'xmax', pg_snapshot_xmax(pg_current_snapshot())::text`

export async function readRunning(session: Session, place: Place): Promise<Running> {
  const { rows } = await session.query(place, runningSql)
  const of = (kind: string): string[] => rows.filter(([name]) => name === kind).map(([, value]) => value ?? '')
  return { virtual: of('virtual'), prepared: of('prepared'), xmax: of('xmax')[0] ?? '0' }
}

/**
 * The marks as they stand after a read that left nothing out from `marks.safe` on. `before` was asked before that read
 * looked: whoever had ended by then is visible in it.
 */
export function settleMarks(marks: Marks, before: Running): Marks {
  const now = new Set([...before.virtual, ...before.prepared])
  const pending = marks.pending.map(({ value, waiting }) => {
    const left = waiting.filter((id) => now.has(id))
    // Whoever is gone may have been prepared instead of having ended, so these have to be waited for as well.
    return { value, waiting: left.length < waiting.length ? [...new Set([...left, ...before.prepared])] : left }
  })
  const settled = pending.findLastIndex(({ waiting }) => waiting.length === 0)
  return { safe: pending[settled]?.value ?? marks.safe, pending: pending.slice(settled + 1) }
}

/** Adds the highest value seen at `moment`; `after` was asked after that moment, so that it misses nobody. */
export function addMark(marks: Marks, value: string | null, moment: Moment, after: Running): Marks {
  if (value === null || value === (marks.pending.at(-1)?.value ?? marks.safe)) return marks
  const waiting = [...after.virtual, ...after.prepared]
  // Nobody was writing, and nobody has ended since: the next read is not needed to show who has.
  if (waiting.length === 0 && after.xmax === moment.xmin) return { safe: value, pending: [] }
  const pending = [...marks.pending, { value, waiting }]
  // Forgetting a mark only means that values are read again for longer.
  return { safe: marks.safe, pending: pending.length > mostPending ? pending.filter((_, at) => at % 2 === 0) : pending }
}
