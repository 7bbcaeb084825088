import type { Client, QueryArrayConfig } from 'pg'
import type { Column } from './columns.ts'
import { cancelStatement, connect } from './connect.ts'
import type { Address } from './connect.ts'
import { sqlState, toSourceError } from './source-error.ts'
import { cancelled } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export interface Rows {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export type Run = (text: string, values?: readonly (string | number)[]) => Promise<Rows>

/** One connection to a source, made when it is first needed and again after it was lost. Never writes. */
export interface Session extends AsyncDisposable {
  /** Runs `work` in a read-only transaction of one snapshot. Transactions take turns; none may wait for a consumer. */
  transaction<T>(place: Place, work: (run: Run) => Promise<T>): Promise<T>
  /** Runs one statement of ours that changes nothing, without a transaction around it. */
  query(place: Place, text: string, values?: readonly (string | number)[]): Promise<Rows>
  /** Runs one statement where the connection is still there, and never fails. */
  tidy(place: Place, text: string): Promise<void>
}

/**
 * What makes Postgres print values the same way wherever it runs, and keeps it from writing. All of it ends with the
 * transaction: behind a pooler, or an embedded Postgres served on a socket, the next one to use the session is not us.
 */
const prepareSql = `select pg_backend_pid(), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO', true),
  set_config('IntervalStyle', 'iso_8601', true), set_config('extra_float_digits', '1', true),
  set_config('bytea_output', 'hex', true), set_config('statement_timeout', $1, true)`

const graceMs = 500

export function openSession(address: Address, signal: AbortSignal): Session {
  let client: Client | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let cancelling: Promise<void> | undefined
  let closed = false

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  function throwIfStopped(): void {
    if (signal.aborted || closed) throw cancelled()
  }

  async function connected(place: Place): Promise<Client> {
    throwIfStopped()
    if (client !== undefined) return client
    try {
      const fresh = await connect(address, place, { signal })
      fresh.on('end', () => forget(fresh))
      return (client = fresh)
    } catch (error) {
      throwIfStopped()
      throw error
    }
  }

  function forget(own: Client): void {
    if (client === own) client = undefined
  }

  async function drop(own: Client): Promise<void> {
    forget(own)
    // Ending a client whose statement still runs destroys its socket, so this does not wait for the server.
    await own.end().catch(() => {})
  }

  async function cancel(own: Client, pid: string | undefined): Promise<void> {
    if (pid !== undefined) await cancelStatement(address, pid)
    await drop(own)
  }

  async function run(own: Client, pid: string | undefined, place: Place, statement: Statement): Promise<Rows> {
    throwIfStopped()
    const aborted = Promise.withResolvers<never>()
    const onAbort = (): void => {
      aborted.reject(cancelled())
      cancelling = cancel(own, pid)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // COMMIT is not under statement_timeout, though it may run all of a held statement.
    const overdue = setTimeout(() => {
      if (pid !== undefined) cancelling = cancelStatement(address, pid)
    }, address.statementTimeoutMs + graceMs)
    try {
      return await Promise.race([sendStatement(own, statement), aborted.promise])
    } catch (thrown) {
      if (signal.aborted) throw cancelled()
      if (sqlState(thrown) === undefined) await drop(own)
      throw toSourceError(thrown, place)
    } finally {
      clearTimeout(overdue)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function transaction<T>(place: Place, work: (run: Run) => Promise<T>): Promise<T> {
    const own = await connected(place)
    let pid: string | undefined
    const runIt: Run = (text, values = []) => run(own, pid, place, { text, values })
    try {
      await runIt('begin isolation level repeatable read read only')
      pid = (await runIt(prepareSql, [address.statementTimeoutMs])).rows[0]?.[0] ?? undefined
      const result = await work(runIt)
      await runIt('commit')
      return result
    } catch (error) {
      if (client === own && !signal.aborted) await runIt('rollback').catch(() => drop(own))
      throw error
    }
  }

  return {
    transaction: (place, work) => inTurn(() => transaction(place, work)),
    query: (place, text, values = []) =>
      inTurn(async () => run(await connected(place), undefined, place, { text, values })),
    tidy: (place, text) =>
      inTurn(async () => {
        if (client !== undefined) await run(client, undefined, place, { text, values: [] }).catch(() => {})
      }),
    async [Symbol.asyncDispose]() {
      closed = true
      if (client !== undefined) await drop(client)
      await turn
      await cancelling
    },
  }
}

interface Statement {
  readonly text: string
  readonly values: readonly (string | number)[]
}

async function sendStatement(client: Client, { text, values }: Statement): Promise<Rows> {
  // The extended protocol takes one statement only, also where there are no values.
  const config: QueryArrayConfig & { queryMode: 'extended' } = {
    text,
    values: [...values],
    rowMode: 'array',
    queryMode: 'extended',
  }
  const { fields, rows } = await client.query<(string | null)[]>(config)
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, typeId: String(dataTypeID) })), rows }
}
