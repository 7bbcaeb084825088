import { randomUUID } from 'node:crypto'
import type { Connection, ExecuteValues, PrepareStatementInfo } from 'mysql2'
import { limitRows } from '../../engine-rows.ts'
import type { EngineResult, RunLimits, SqlValue, Statement } from '../../engine.ts'
import { readerOf, type Field } from './cells.ts'
import type { Connections, Session } from './connections.ts'
import { Refused } from '../../engine-words.ts'
import { isStatementsFault } from './engine-error.ts'

export interface Work {
  readonly statement: Statement
  readonly limits: RunLimits
  readonly signal: AbortSignal
}

/**
 * Runs it on this connection, which is given back afterwards; or dropped, its statement cancelled, when anything went
 * otherwise than expected. A statement that returns no rows, such as COMMIT or SET, is refused before it is executed.
 */
export async function runStatement(connections: Connections, session: Session, work: Work): Promise<EngineResult> {
  const { statement, limits, signal } = work
  let open = true
  const leave = (how: 'giveBack' | 'drop'): void => {
    signal.removeEventListener('abort', drop)
    if (open) connections[how](session)
    open = false
  }
  const drop = (): void => leave('drop')
  signal.addEventListener('abort', drop)
  try {
    const watermark = await begin(session, limits)
    const { whole, ...result } = await execute(session.connection, statement, limits)
    if (whole) void end(session).then(leave)
    else drop()
    return { ...result, watermark }
  } catch (error) {
    leave(open && isStatementsFault(error) ? await end(session) : 'drop')
    throw error
  }
}

/** Starts the transaction and tells its watermark. */
async function begin(session: Session, limits: RunLimits): Promise<string> {
  const { ask, watermark, mariadb } = session
  const time = mariadb
    ? `max_statement_time = ${String(limits.timeoutMs / 1000)}`
    : `max_execution_time = ${String(limits.timeoutMs)}`
  const wanted = `set session ${time}, sql_select_limit = ${String(limits.rows + 1)}`
  if (wanted !== session.limits) await ask(wanted)
  session.limits = wanted
  const before = watermark.ofSnapshot ? undefined : await watermark.read(ask)
  await ask('start transaction with consistent snapshot, read only')
  const seen = await watermark.read(ask)
  // Somebody wrote while the snapshot was taken, which may show either state: such a watermark equals no other.
  return before === undefined || before === seen ? seen : `${seen}+${randomUUID()}`
}

/** Nothing was written; what was locked is freed. */
async function end({ ask }: Session): Promise<'giveBack' | 'drop'> {
  try {
    await ask('rollback')
    return 'giveBack'
  } catch {
    return 'drop'
  }
}

interface Answer extends Omit<EngineResult, 'watermark'> {
  /** Whether the server has nothing more to say. */
  readonly whole: boolean
}

async function execute(connection: Connection, { sql, values }: Statement, limits: RunLimits): Promise<Answer> {
  const prepared = await prepare(connection, sql)
  if (!returnsRows(prepared)) throw new Refused('is not a query: it returns no rows')
  const { TypedParameter } = (await import('mysql2')).default
  const bound = values.map((value) => bind(value, TypedParameter.BIGINT))
  const answer = Promise.withResolvers<Answer>()
  const rows = limitRows(limits)
  let reader = readerOf([])
  const finish = (whole: boolean): void => {
    answer.resolve({ columns: reader.columns, rows: rows.rows, truncated: rows.truncated, whole })
  }
  const query = prepared.execute(bound)
  // The driver tells what it reads of a result by these events.
  query.on('fields', (fields: unknown) => void (reader = readerOf(fields as readonly Field[])))
  let received = 0
  query.on('result', (row: unknown) => {
    received += 1
    // One row too many may be the last that the session's own limit lets through; of others there is no end.
    if (!rows.add(reader.read(row as readonly unknown[])) && received !== limits.rows + 1) finish(false)
  })
  query.on('error', answer.reject)
  query.on('end', () => {
    // MariaDB may refuse to execute again what it has executed before (an aggregate without groups over a derived table).
    connection.unprepare(sql)
    finish(true)
  })
  // What happens to the connection is not told to a statement without a callback.
  connection.once('error', answer.reject)
  return answer.promise.finally(() => connection.off('error', answer.reject))
}

function prepare(connection: Connection, sql: string): Promise<PrepareStatementInfo> {
  return new Promise((resolve, reject) => {
    connection.prepare(sql, (error, prepared) => (error === null ? resolve(prepared) : reject(error)))
  })
}

function returnsRows(prepared: PrepareStatementInfo): boolean {
  return 'columns' in prepared && Array.isArray(prepared.columns) && prepared.columns.length > 0
}

/** Whole numbers as such: the driver would send every number as a double. */
function bind(value: SqlValue, bigint: (value: number) => ExecuteValues): ExecuteValues {
  return Number.isSafeInteger(value) && typeof value === 'number' ? bigint(value) : value
}
