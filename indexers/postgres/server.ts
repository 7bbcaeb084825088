import { invalidSource } from '../../src/core/source-error.ts'
import { sqlState } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import type { Run, Session } from './session.ts'

/** What has to be known of a server before anything is read from it. */
export interface Server {
  readonly encoding: string
  /** SQL of what names its history: another cluster, timeline or database has changes of its own under the same ids. */
  readonly historySql: string
}

/** One moment of a source, as the snapshot of a transaction sees it. Transaction ids are 64 bits wide, as text. */
export interface Moment {
  /** Every transaction of this database below it had ended. */
  readonly xmin: string
  /** No transaction from it on had ended, in any database. */
  readonly xmax: string
  /** The source's clock, ISO 8601; on a standby, the clock up to which it had followed. */
  readonly asOf: string
  readonly history: string
  readonly inRecovery: boolean
}

const oldestVersion = 130_000

export async function readServer(session: Session, place: Place): Promise<Server> {
  const { rows } = await session.query(
    place,
    `select current_setting('server_version_num'), current_setting('server_encoding'),
      ${['pg_control_system()', 'pg_control_checkpoint()', 'pg_walfile_name(pg_lsn)', 'pg_current_wal_insert_lsn()']
        .map((name) => `coalesce(has_function_privilege(to_regprocedure('pg_catalog.${name}'), 'execute'), false)`)
        .join(', ')}`,
  )
  const [version, encoding, ...allowed] = rows[0] ?? []
  if (Number(version) < oldestVersion) {
    throw invalidSource(place, 'the server is older than Postgres 13', {
      fix: 'Upgrade the server to Postgres 13 or later.',
    })
  }
  const [system, ...timeline] = allowed.map((text) => text === 't')
  const systemSql = system === true ? `(select system_identifier::text from pg_control_system())` : `''`
  const sql = (timelineSql: string): string =>
    `${systemSql} || '/' || ${timelineSql} || '/' || (select oid::text from pg_database where datname = current_database())`
  const withTimeline = sql(timelineSql)
  const hasTimeline = timeline.every(Boolean) && (await works(session, place, withTimeline))
  return { encoding: encoding ?? '', historySql: hasTimeline ? withTimeline : sql(`''`) }
}

/** A failover to a server that lagged, or a restored backup, starts a new timeline. */
const timelineSql = `case when pg_is_in_recovery() then (select timeline_id::text from pg_control_checkpoint())
  else ltrim(left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), '0') end`

/** Some hosted Postgres keep the functions and let them fail. */
async function works(session: Session, place: Place, sql: string): Promise<boolean> {
  try {
    await session.query(place, `select ${sql}`)
    return true
  } catch (error) {
    if (error instanceof Error && sqlState(error.cause) !== undefined) return false
    throw error
  }
}

export async function readMoment(run: Run, server: Server): Promise<Moment> {
  const { rows } = await run(`select ${oldestSql}, pg_snapshot_xmax(s),
    ${server.historySql}, pg_is_in_recovery(), to_char(${asOfSql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    from pg_current_snapshot() s`)
  const [xmin = '', xmax = '', history = '', inRecovery, asOf = ''] = (rows[0] ?? []).map((value) => value ?? '')
  return { xmin, xmax, history, inRecovery: inRecovery === 't', asOf }
}

/**
 * The oldest running transaction that may write here. A snapshot counts those of all databases of a server; the lock that
 * each holds on its own id tells which of them are elsewhere, and whatever it does not tell counts. On a standby the list
 * of a snapshot is always empty, and only its xmin can be believed.
 */
const oldestSql = `case when pg_is_in_recovery() then pg_snapshot_xmin(s)::text else coalesce(
  (select x::text from pg_snapshot_xip(s) x
    where not exists (select from pg_locks l join pg_stat_activity a using (pid) join pg_database d on d.oid = a.datid
      where l.locktype = 'transactionid' and l.transactionid = x::xid and l.granted and l.mode = 'ExclusiveLock'
        and d.datname <> current_database())
    order by x limit 1), pg_snapshot_xmax(s)::text) end`

const asOfSql = `case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
  then coalesce(pg_last_xact_replay_timestamp(), now()) else now() end`
