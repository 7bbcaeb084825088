import { AquiferError } from '../../../src/core/errors.ts'
import type { Session } from '../session.ts'
import { invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { lsnNumber } from './lsn.ts'

export interface Slot {
  /** The log is kept from here on. */
  readonly confirmed: bigint
  /** Bytes of log that the server keeps for it. */
  readonly kept: bigint
}

/** Whether this server can be streamed from, by this user; SOURCE_INVALID or SOURCE_AUTH with what to change. */
export async function checkServer(session: Session, place: Place): Promise<void> {
  const { rows } = await session.query(
    place,
    `select current_setting('wal_level'), pg_is_in_recovery(), rolreplication or rolsuper
      or exists (select from pg_roles r where r.rolname in ('rds_replication', 'azure_pg_admin', 'cloudsqlsuperuser')
        and pg_has_role(current_user, r.oid, 'member'))
    from pg_roles where rolname = current_user`,
  )
  const [walLevel, inRecovery, mayStream] = rows[0] ?? []
  if (inRecovery === 't') {
    throw invalidSource(place, 'mode stream reads the log of a primary, and this is a standby', {
      fix: 'Name the primary, or use mode poll.',
    })
  }
  if (walLevel !== 'logical') {
    throw invalidSource(place, `mode stream needs wal_level logical, and this server has ${walLevel ?? 'none'}`, {
      fix: "Run ALTER SYSTEM SET wal_level = 'logical', restart the server, or use mode poll.",
    })
  }
  if (mayStream !== 't') {
    throw new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not follow the log`, {
      fix: 'Run ALTER ROLE … REPLICATION for the user of the connection, or use mode poll.',
    })
  }
}

/** undefined where there is none, or the server has thrown away what it was to keep. */
export async function findSlot(session: Session, place: Place, name: string): Promise<Slot | undefined> {
  const { rows } = await session.query(
    place,
    `select confirmed_flush_lsn::text, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::text
      from pg_replication_slots where slot_name = $1 and database = current_database()`,
    [name],
  )
  const [confirmed, status, kept] = rows[0] ?? []
  if (typeof confirmed !== 'string') return undefined
  if (status === 'lost') {
    await dropSlot(session, place, name)
    return undefined
  }
  return { confirmed: lsnNumber(confirmed), kept: BigInt(kept ?? '0') }
}

/** SOURCE_INVALID where the server has no slot left. */
export async function createSlot(session: Session, place: Place, name: string): Promise<void> {
  await session.query(place, `select lsn from pg_create_logical_replication_slot($1, 'pgoutput')`, [name])
}

/** Whoever still streams from it is gone, or goes now. */
export async function endReader(session: Session, place: Place, name: string): Promise<void> {
  await session.query(
    place,
    `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null`,
    [name],
  )
}

export async function dropSlot(session: Session, place: Place, name: string): Promise<void> {
  await endReader(session, place, name)
  await session.query(
    place,
    `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1`,
    [name],
  )
}

const runningSql = `select pg_snapshot_xmax(s)::text, (select coalesce(string_agg(x::text, ','), '') from pg_snapshot_xip(s) x
    where not exists (select from pg_locks l join pg_stat_activity a using (pid) join pg_database d on d.oid = a.datid
      where l.locktype = 'transactionid' and l.transactionid = x::xid and l.granted and l.mode = 'ExclusiveLock'
        and d.datname <> current_database()))
  from pg_current_snapshot() s`

/** Ids of this database's transactions that write and have not ended. */
export async function runningWriters(session: Session, place: Place): Promise<ReadonlySet<string>> {
  const { rows } = await session.query(place, runningSql)
  return new Set((rows[0]?.[1] ?? '').split(',').filter((id) => id !== ''))
}
