import { randomUUID } from 'node:crypto'
import type { Ask } from './ask.ts'

/** Where the data stood, asked within the transaction that reads it. */
export interface Watermark {
  /** Where what is asked is of the moment, not of the transaction's snapshot, it is asked before the transaction as well. */
  readonly ofSnapshot: boolean
  read(ask: Ask): Promise<string>
}

/** Which watermark this server has. Its replicas' changes count too, whether they are in their own log or not. */
export async function chooseWatermark(ask: Ask): Promise<Watermark> {
  const rows = await ask(
    `show global variables where variable_name in ('log_bin', 'log_slave_updates', 'gtid_slave_pos', 'gtid_mode', 'version')`,
  )
  const variables = new Map(rows.map(([name, value]) => [String(name), String(value)]))
  if (variables.get('log_bin') !== 'ON') return innodbPosition
  if (variables.get('gtid_mode') === 'ON') return executedGtids
  const follows = (variables.get('gtid_slave_pos') ?? '') !== '' && variables.get('log_slave_updates') !== 'ON'
  return /mariadb/i.test(variables.get('version') ?? '') && !follows ? binlogSnapshot : innodbPosition
}

/**
 * MariaDB remembers for each consistent snapshot where in the binary log it was taken. Where a file of the log has just
 * begun that place may be ahead: the last transactions of the file before may still be about to be seen.
 */
const binlogSnapshot: Watermark = {
  ofSnapshot: true,
  read: async (ask) => {
    const rows = await ask("show status where variable_name in ('Binlog_snapshot_file', 'Binlog_snapshot_position')")
    const [file = '', position = ''] = rows.map((row) => String(row.at(-1)))
    const place = `${file}:${position}`
    return (await isSettled(ask, file, Number(position))) ? place : `${place}+${randomUUID()}`
  },
}

/** What is at the head of a file takes less than this: a transaction stands before it. */
const headBytes = 4096

async function isSettled(ask: Ask, file: string, position: number): Promise<boolean> {
  if (position >= headBytes) return true
  // Users who may not look at the log have to wait until it has grown.
  const events = await ask(`show binlog events in '${file.replaceAll("'", '')}' limit 10`).catch(() => [])
  return events.some(
    ([, at, type, , , info]) =>
      (String(type) === 'Binlog_checkpoint' && String(info) === file) ||
      (String(type) === 'Gtid' && Number(at) < position),
  )
}

const executedGtids: Watermark = {
  ofSnapshot: false,
  read: async (ask) => joined(await ask('select @@global.gtid_executed')),
}

/** How much was ever written to InnoDB's log, and to its rows, since the server started. */
export const innodbPosition: Watermark = {
  ofSnapshot: false,
  read: async (ask) =>
    joined(
      await ask(`show global status where variable_name in ('Innodb_lsn_current', 'Innodb_redo_log_current_lsn',
        'Innodb_os_log_written', 'Innodb_rows_inserted', 'Innodb_rows_updated', 'Innodb_rows_deleted')`),
    ),
}

/** The last column of each row. */
const joined = (rows: readonly (readonly unknown[])[]): string => rows.map((row) => String(row.at(-1))).join(':')
