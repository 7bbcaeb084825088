import type { Moment } from './server.ts'
import type { Place } from './source-error.ts'
import type { Session } from './session.ts'

/**
 * Who may still write values that are already old. A transaction takes the time of its start, or a number, long before
 * it commits, and often before it has a transaction id: until then no snapshot names it, but its lock on its own
 * virtual id does, for everybody to see.
 */
export interface Running {
  readonly xmax: string
  /** Virtual ids of the transactions of this database, other than ours. */
  readonly virtual: readonly string[]
  /** Whether a transaction of this database waits for its COMMIT PREPARED; it has no virtual id any more. */
  readonly prepared: boolean
}

/** A value of the cursor column that was read, and who has to end before nothing below it can appear any more. */
export interface Mark {
  readonly value: string
  readonly xmax: string
  readonly virtual: readonly string[]
}

export interface Marks {
  /** Every row with a lower value has been read, for good. */
  readonly safe: string | null
  /** Oldest first. */
  readonly pending: readonly Mark[]
}

const mostPending = 32

// The parts of `union all` run in order: a transaction that gives up its virtual id meanwhile shows as prepared.
const runningSql = `select 'virtual', l.virtualtransaction from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'virtualxid' and l.granted and l.mode = 'ExclusiveLock' and l.pid <> pg_backend_pid()
      and a.datid = (select oid from pg_database where datname = current_database()) and a.usesysid is not null
  union all select 'prepared', transaction::text from pg_prepared_xacts where database = current_database()
  union all select 'xmax', pg_snapshot_xmax(pg_current_snapshot())::text`

export async function readRunning(session: Session, place: Place): Promise<Running> {
  const { rows } = await session.query(place, runningSql)
  const of = (kind: string): string[] => rows.filter(([name]) => name === kind).map(([, value]) => value ?? '')
  return { virtual: of('virtual'), prepared: of('prepared').length > 0, xmax: of('xmax')[0] ?? '0' }
}

/**
 * The marks as they stand after a read at `moment` that left nothing out above `marks.safe`. `before` was asked before
 * that moment: whoever had ended by then is visible in it.
 */
export function settleMarks(marks: Marks, before: Running, moment: Moment): Marks {
  const now = new Set(before.virtual)
  const pending = marks.pending.map((mark) => ({ ...mark, virtual: mark.virtual.filter((id) => now.has(id)) }))
  const waiting = pending.map((mark, index) => {
    // One of those that are gone may be prepared, under a transaction id that it got after the mark was made.
    const mayBePrepared = before.prepared && marks.pending[index]?.virtual.length !== 0 && mark.virtual.length === 0
    return mayBePrepared ? { ...mark, xmax: moment.xmax } : mark
  })
  const settled = waiting.findLastIndex((mark) => mark.virtual.length === 0 && BigInt(moment.xmin) >= BigInt(mark.xmax))
  return { safe: waiting[settled]?.value ?? marks.safe, pending: waiting.slice(settled + 1) }
}

/** Adds the highest value seen at `moment`; `after` was asked after that moment, so that it misses nobody. */
export function addMark(marks: Marks, value: string | null, moment: Moment, after: Running): Marks {
  if (value === null || value === (marks.pending.at(-1)?.value ?? marks.safe)) return marks
  // Nobody was writing then, and nobody has since: nothing below can appear any more.
  const quiet = after.xmax === moment.xmin && after.virtual.length === 0 && !after.prepared
  if (quiet) return { safe: value, pending: [] }
  const pending = [...marks.pending, { value, xmax: after.xmax, virtual: after.virtual }]
  // Forgetting a mark only means that values are read again for longer.
  return { safe: marks.safe, pending: pending.length > mostPending ? pending.filter((_, at) => at % 2 === 0) : pending }
}
