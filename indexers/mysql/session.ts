import type { Connection } from 'mysql2'
import { destroyConnection } from '../../src/core/mysql.ts'
import { connect } from './connect.ts'
import type { Address } from './connect.ts'
import { cancelled } from '../../src/core/source-error.ts'
import { isConnectionLost, toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

/** A value as the server sent it: text in UTF-8, binary columns as they are. */
export type Cell = Buffer | null
export type Rows = readonly (readonly Cell[])[]
export type Run = (sql: string) => Promise<Rows>

/** One connection to a source, made when it is first needed and again after it was lost. Never writes. */
export interface Session extends AsyncDisposable {
  /** Runs one statement. */
  query(place: Place, sql: string): Promise<Rows>
  /** Runs `work` with nothing else in between on this connection. */
  together<T>(place: Place, work: (run: Run) => Promise<T>): Promise<T>
  /** Rows as they come, on a connection of their own; the consumer may take its time. */
  stream(place: Place, sql: string): AsyncGenerator<readonly Cell[]>
}

const longestKeyBytes = 2000
const graceMs = 15_000
const killTimeoutMs = 2000

/** What makes the server print values the same way wherever it runs, and keeps it from writing. */
const prepareSql = [
  `set session sql_mode = 'NO_BACKSLASH_ESCAPES', time_zone = '+00:00', sql_select_limit = default,
    max_sort_length = ${longestKeyBytes + 48}, net_write_timeout = 3600`,
  'set session transaction isolation level repeatable read, read only',
]

export function openSession(address: Address, stop: AbortSignal): Session {
  const closing = new AbortController()
  const signal = AbortSignal.any([stop, closing.signal])
  let connection: Connection | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  async function fresh(place: Place, timeoutMs: number): Promise<Connection> {
    if (signal.aborted) throw cancelled()
    let own: Connection
    try {
      own = await connect(address, place, signal)
    } catch (error) {
      if (signal.aborted) throw cancelled()
      throw error
    }
    try {
      for (const sql of prepareSql) await run(own, place, sql)
      const [[version] = []] = await run(own, place, 'select version()')
      const isMariadb = /mariadb/i.test(String(version))
      const limit = isMariadb ? `max_statement_time = ${timeoutMs / 1000}` : `max_execution_time = ${timeoutMs}`
      await run(own, place, `set session ${limit}`)
      return own
    } catch (error) {
      destroyConnection(own)
      throw error
    }
  }

  async function connected(place: Place): Promise<Connection> {
    if (signal.aborted) throw cancelled()
    if (connection !== undefined) return connection
    const own = await fresh(place, address.statementTimeoutMs)
    const forget = (): void => {
      if (connection === own) connection = undefined
    }
    own.on('error', forget)
    own.on('end', forget)
    return (connection = own)
  }

  function drop(own: Connection): void {
    if (connection === own) connection = undefined
    destroyConnection(own)
  }

  async function run(own: Connection, place: Place, sql: string): Promise<Rows> {
    if (signal.aborted) throw cancelled()
    const stopped = Promise.withResolvers<never>()
    const onAbort = (): void => {
      stopped.reject(cancelled())
      kill(address, own.threadId)
      drop(own)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // The server enforces statementTimeout; this is for one that no longer answers.
    const overdue = setTimeout(() => stopped.reject(new Error('timeout')), address.statementTimeoutMs + graceMs)
    try {
      return await Promise.race([send(own, sql), stopped.promise])
    } catch (thrown) {
      if (signal.aborted) throw cancelled()
      if (isConnectionLost(thrown)) drop(own)
      throw toSourceError(thrown, place)
    } finally {
      clearTimeout(overdue)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function* stream(place: Place, sql: string): AsyncGenerator<readonly Cell[]> {
    const own = await fresh(place, 0)
    let ended = false
    try {
      yield* readStream(own, sql, address.statementTimeoutMs, signal)
      ended = true
    } catch (thrown) {
      if (signal.aborted) throw cancelled()
      throw toSourceError(thrown, place)
    } finally {
      if (!ended) kill(address, own.threadId)
      destroyConnection(own)
    }
  }

  return {
    query: (place, sql) => inTurn(async () => run(await connected(place), place, sql)),
    together: (place, work) =>
      inTurn(async () => {
        const own = await connected(place)
        return work((sql) => run(own, place, sql))
      }),
    stream,
    async [Symbol.asyncDispose]() {
      closing.abort()
      if (connection !== undefined) drop(connection)
      await turn
    },
  }
}

const asSent = { rowsAsArray: true, typeCast: (field: { buffer(): Buffer | null }) => field.buffer() }

async function send(connection: Connection, sql: string): Promise<Rows> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, ...asSent }, (error, rows: unknown) => {
      if (error !== null) reject(error)
      // With `rowsAsArray` and this type cast, rows are arrays of bytes; what returns none is not an array.
      else resolve(Array.isArray(rows) ? (rows as Rows) : [])
    })
  })
}

async function* readStream(
  connection: Connection,
  sql: string,
  timeoutMs: number,
  signal: AbortSignal,
): AsyncGenerator<readonly Cell[]> {
  const rows = connection.query({ sql, ...asSent }).stream({ highWaterMark: 200 })
  connection.on('error', (error) => rows.destroy(error))
  connection.on('end', () => rows.destroy(new Error('the connection was lost')))
  const onAbort = (): void => void rows.destroy(cancelled())
  signal.addEventListener('abort', onAbort, { once: true })
  const iterator: AsyncIterator<readonly Cell[]> = rows[Symbol.asyncIterator]()
  try {
    for (;;) {
      if (signal.aborted) throw cancelled()
      const overdue = setTimeout(() => rows.destroy(new Error('timeout')), timeoutMs)
      const next = await iterator.next().finally(() => clearTimeout(overdue))
      if (next.done === true) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    rows.destroy()
  }
}

/** Asks the server to end what that connection runs. Best effort: it ends by itself when its time is up. */
function kill(address: Address, threadId: number): void {
  void (async () => {
    const killer = await connect(address, { subject: '', what: '' }, AbortSignal.timeout(killTimeoutMs))
    await send(killer, `kill ${threadId}`).catch(() => {})
    destroyConnection(killer)
  })().catch(() => {})
}
