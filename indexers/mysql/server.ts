import { setTimeout as sleep } from 'node:timers/promises'
import { AquiferError } from '../../src/core/errors.ts'
import { comparePlaces } from './cursor.ts'
import type { LogEnd, LogPlace } from './cursor.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import type { Run, Session } from './session.ts'

/** What has to be known of a server before anything is read from it. */
export interface Server {
  readonly mariadb: boolean
  /** Names the server: another one counts its log's places differently. */
  readonly history: string
  /** MariaDB's files of which everything before is known to be committed; see `readSnapshot`. */
  readonly settled: Set<string>
  /** Databases whose changes are logged, and those whose are not; empty: all, none. */
  readonly logged: readonly string[]
  readonly ignored: readonly string[]
}

/** One moment of a source. */
export interface Moment {
  /** Everything that was committed by now is in the log before here. */
  readonly end: LogEnd
  /** The source's clock, ISO 8601. */
  readonly asOf: string
}

const variableNames =
  'version log_bin binlog_format binlog_row_image server_uid server_uuid server_id gtid_mode binlog_transaction_compression binlog_row_value_options gtid_slave_pos log_slave_updates'

/** Asks the server what it is, and refuses one whose log would not tell every change. */
export async function readServer(session: Session, place: Place): Promise<Server> {
  const rows = await session.query(
    place,
    `show global variables where variable_name in ('${variableNames.replaceAll(' ', `', '`)}')`,
  )
  const variables = new Map(rows.map(([name, value]) => [String(name).toLowerCase(), String(value ?? '')]))
  const value = (name: string): string => variables.get(name) ?? ''
  const mariadb = /mariadb/i.test(value('version'))
  checkVersion(value('version'), mariadb, place)
  for (const { wrong, problem, fix } of settings(value, mariadb)) {
    if (wrong) throw invalidSource(place, problem, { fix })
  }
  await checkGrants(session, place)
  const status = await readStatus(session, place)
  const history = `${mariadb ? value('server_uid') : value('server_uuid')}/${value('server_id')}`
  return { mariadb, history, settled: new Set(), logged: names(status[2]), ignored: names(status[3]) }
}

function names(cell: string | undefined): readonly string[] {
  return (cell ?? '').split(',').filter((name) => name !== '')
}

function checkVersion(version: string, mariadb: boolean, place: Place): void {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const isOld = mariadb ? major < 10 || (major === 10 && minor < 6) : major < 8
  if (isOld) {
    throw invalidSource(place, `the server is older than ${mariadb ? 'MariaDB 10.6' : 'MySQL 8.0'}`, {
      fix: 'Upgrade the server to MySQL 8.0, MariaDB 10.6 or later.',
    })
  }
}

interface Setting {
  readonly wrong: boolean
  readonly problem: string
  readonly fix: string
}

function settings(value: (name: string) => string, mariadb: boolean): readonly Setting[] {
  const image = value('binlog_row_image')
  const follows = mariadb ? value('gtid_slave_pos') !== '' : true
  return [
    {
      wrong: value('log_bin') !== 'ON',
      problem: 'the server writes no binary log',
      fix: 'Set log_bin, binlog_format=ROW and binlog_row_image=FULL in its configuration, and restart it.',
    },
    {
      wrong: value('binlog_format') !== 'ROW',
      problem: 'the binary log holds statements, not rows',
      fix: 'SET GLOBAL binlog_format = ROW, and in the configuration of the server; sessions that are open keep theirs.',
    },
    {
      wrong: image === 'MINIMAL',
      problem: 'the binary log holds rows without their keys',
      fix: 'SET GLOBAL binlog_row_image = FULL (or NOBLOB), and in the configuration of the server; sessions that are open keep theirs.',
    },
    {
      wrong: !mariadb && value('gtid_mode') !== 'ON',
      problem: 'the server gives transactions no GTIDs',
      fix: 'Set gtid_mode=ON and enforce_gtid_consistency=ON, which can be done step by step without a restart.',
    },
    {
      wrong: value('binlog_transaction_compression') === 'ON',
      problem: 'the binary log is compressed by transaction, which cannot be read',
      fix: 'SET GLOBAL binlog_transaction_compression = OFF, and in the configuration of the server.',
    },
    {
      wrong: value('binlog_row_value_options') !== '',
      problem: 'the binary log holds parts of JSON documents, which cannot be read',
      fix: "SET GLOBAL binlog_row_value_options = '', and in the configuration of the server.",
    },
    {
      wrong: follows && value('log_slave_updates') === 'OFF',
      problem: 'the server follows another one and leaves its changes out of its own binary log',
      fix: 'Set log_slave_updates=ON (log_replica_updates) in its configuration, or read the server that it follows.',
    },
  ]
}

const grantsFix = "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'aquifer_reader'@'%';"

async function checkGrants(session: Session, place: Place): Promise<void> {
  const grants = (await session.query(place, 'show grants')).map(([grant]) => String(grant))
  // What a role brings is not listed.
  const isTold = grants.every((grant) => / ON /.test(grant))
  if (isTold && !grants.some((grant) => /REPLICATION SLAVE|REPLICATION REPLICA|ALL PRIVILEGES ON \*\.\*/.test(grant))) {
    throw new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not read the binary log`, { fix: grantsFix })
  }
}

/** File, offset, logged and ignored databases. */
async function readStatus(session: Session, place: Place): Promise<readonly string[]> {
  try {
    // What MySQL 8.2 calls it is all that 8.4 knows.
    const [row = []] = await session
      .query(place, 'show master status')
      .catch((error: unknown) =>
        isForbidden(error) ? Promise.reject(error) : session.query(place, 'show binary log status'),
      )
    return row.map((cell) => cell?.toString() ?? '')
  } catch (error) {
    if (!isForbidden(error)) throw error
    throw new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not see where the binary log stands`, {
      cause: error,
      fix: grantsFix,
    })
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof AquiferError && error.code !== 'SOURCE_INVALID'
}

const nowSql = `select date_format(utc_timestamp(6), '%Y-%m-%dT%H:%i:%s.%fZ')`

/** Where the log ends. */
export async function readMoment(session: Session, server: Server, place: Place): Promise<Moment> {
  const [[asOf] = []] = await session.query(place, nowSql)
  if (server.mariadb) return { end: await readSnapshot(session, server, place), asOf: String(asOf) }
  const [file = '', offset = ''] = await readStatus(session, place)
  return { end: { file, offset: Number(offset) }, asOf: String(asOf) }
}

/** Where to read the log from, so that it tells whatever a statement does not see from now on. */
export async function readStart(session: Session, server: Server, place: Place): Promise<LogPlace> {
  const { end } = await readMoment(session, server, place)
  // MySQL's set holds what others can see; the end of the log, which counts that sooner, was asked first.
  const gtidSql = server.mariadb ? `binlog_gtid_pos('${plain(end.file)}', ${end.offset})` : '@@global.gtid_executed'
  const [[gtid] = []] = await session.query(place, `select ${gtidSql}`)
  if (gtid === null || gtid === undefined) throw invalidSource(place, 'the server does not tell where its log stands')
  return { ...end, gtid: gtid.toString().replaceAll(/\s/g, '') }
}

const lookAgainMs = 5
const mostWaitMs = 30_000

/**
 * MariaDB counts a transaction as logged before others can see it. Only a consistent snapshot knows the place in the log of
 * what it shows, and even that is ahead where a file has just begun: then the last transactions of the one before may still
 * be committed, until the log has a note that they were.
 */
async function readSnapshot(session: Session, { settled }: Server, place: Place): Promise<LogEnd> {
  for (let waitedMs = 0; waitedMs < mostWaitMs; waitedMs += lookAgainMs) {
    const end = await session.together(place, beginAndEnd)
    if (settled.has(end.file)) return end
    const events = await session.query(place, `show binlog events in '${plain(end.file)}' limit 10`)
    const isSettled = events.some(([, at, type, , , info]) =>
      String(type) === 'Binlog_checkpoint'
        ? String(info) === end.file
        : String(type) === 'Gtid' && Number(String(at)) < end.offset,
    )
    // The snapshot may be older than the note, so the next one counts.
    if (isSettled) settled.add(end.file)
    else await sleep(lookAgainMs)
  }
  throw unfinished(place)
}

async function beginAndEnd(run: Run): Promise<LogEnd> {
  await run('start transaction with consistent snapshot, read only')
  const rows = await run("show status like 'binlog_snapshot_%'")
  await run('commit')
  const status = new Map(rows.map(([name, value]) => [String(name), String(value)]))
  return {
    file: status.get('Binlog_snapshot_file') ?? '',
    offset: Number(status.get('Binlog_snapshot_position')),
  }
}

function unfinished(place: Place): AquiferError {
  return new AquiferError(
    'SOURCE_UNREACHABLE',
    `${place.subject}: the database does not finish a commit that it logged`,
  )
}

/**
 * Waits until what the log tells up to this place can be seen: the server sends a transaction to those who read its log
 * before it has committed it, and a statement that came too early would still see the old rows.
 */
export async function untilVisible(session: Session, server: Server, log: LogPlace, place: Place): Promise<void> {
  for (let waitedMs = 0; waitedMs < mostWaitMs; waitedMs += lookAgainMs) {
    const isVisible = server.mariadb
      ? comparePlaces(await readSnapshot(session, server, place), log) >= 0
      : await session.together(place, (run) => executedHolds(run, log))
    if (isVisible) return
    await sleep(lookAgainMs)
  }
  throw unfinished(place)
}

async function executedHolds(run: Run, log: LogPlace): Promise<boolean> {
  const [[holds] = []] = await run(`select gtid_subset('${plain(log.gtid)}', @@global.gtid_executed)`)
  return String(holds) === '1'
}

/** What comes from the server or its log, as part of a statement. */
function plain(text: string): string {
  if (/['\\]/.test(text)) throw new TypeError('not a name of a log')
  return text
}
