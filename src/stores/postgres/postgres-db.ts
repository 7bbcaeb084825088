import { once } from 'node:events'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, Pool, types as pgTypes, type PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Db, Queryable, TransactionOptions } from '../../core/db.ts'

const asText = (value: string): string => value
/** int8 as number (our ids and counters stay below 2^53); dates as Postgres prints them. */
const typeParsers = new Map<number, (value: string) => unknown>([
  [20, Number],
  [1082, asText],
  [1114, asText],
  [1184, asText],
])
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    typeParsers.get(oid) ?? pgTypes.getTypeParser(oid, format),
}

interface PostgresOptions {
  readonly url: string
  readonly schema: string
  readonly connections?: number
}

/** A pool on a native Postgres. Connects when first used. */
export function openPostgres(options: PostgresOptions): Db {
  const settings = [
    `search_path=${options.schema},public,extensions`,
    'statement_timeout=30000',
    'TimeZone=UTC',
    'hnsw.ef_search=100',
    'hnsw.iterative_scan=strict_order',
  ]
  const sockets = new Set<Socket>()
  const pool = new Pool({
    connectionString: options.url,
    max: options.connections ?? 8,
    connectionTimeoutMillis: 10_000,
    application_name: 'aquifer',
    options: settings.map((setting) => `-c ${setting}`).join(' '),
    types,
    stream: () => {
      const socket = new Socket()
      sockets.add(socket.once('close', () => sockets.delete(socket)))
      return socket
    },
  })
  const busy = new Set<PoolClient>()
  pool.on('acquire', (client) => void busy.add(client))
  pool.on('release', (_error, client) => void busy.delete(client))
  pool.on('error', () => {
    // An idle connection that breaks is replaced by the next query, which reports what is wrong.
  })
  return {
    ...on(pool),
    kind: 'postgres',
    transaction: (work, transactionOptions) => transact(pool, work, transactionOptions),
    // A COPY needs the connection of a transaction: the pool would give every call another one.
    exec: async (text) => void (await pool.query(text)),
    [Symbol.asyncDispose]: async () => {
      const ended = pool.end()
      await cancelUntil(ended, options.url, busy)
      await ended
      // The pool forgets a client that was refused while it logged in; the server would keep it for a minute.
      for (const socket of sockets) socket.destroy()
    },
  }
}

/**
 * Whoever closes the database does not wait for minutes until an index is built. Asked again and again, since a
 * cancellation between two statements of a transaction is lost. What cannot be cancelled ends by itself.
 */
async function cancelUntil(ended: Promise<void>, url: string, busy: ReadonlySet<PoolClient>): Promise<void> {
  const over = ended.then(() => true)
  if (await Promise.race([over, delay(0, false)])) return
  const canceller = new Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  canceller.on('error', ignore)
  try {
    await canceller.connect()
    do {
      const pids = [...busy].flatMap((client) => ('processID' in client ? [client.processID] : []))
      await canceller.query('select pg_cancel_backend(pid) from unnest($1::int[]) as pid', [pids])
    } while (!(await Promise.race([over, delay(100, false)])))
  } catch {
    // The server is away, and with it what ran there.
  } finally {
    await canceller.end().catch(ignore)
  }
}

/** Without a listener, losing the connection between two statements would end the process. The next one meets the error. */
function ignore(): void {}

async function transact<T>(
  pool: Pool,
  work: (tx: Queryable) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect()
  client.on('error', ignore)
  let broken = true
  try {
    await client.query(options.snapshot === true ? 'begin isolation level repeatable read read only' : 'begin')
    const result = await work(on(client))
    await client.query('commit')
    broken = false
    return result
  } catch (error) {
    // Only a connection that rolled back cleanly goes back to the pool.
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    )
    throw error
  } finally {
    client.release(broken)
    client.off('error', ignore)
  }
}

function on(client: Pool | PoolClient): Queryable {
  const session = (): PoolClient => {
    if (client instanceof Pool) throw new Error('COPY needs a transaction')
    return client
  }
  return {
    query: async <R extends object>(text: string, params: readonly unknown[] = []) =>
      (await client.query<R>(text, [...params])).rows,
    exec: async (text) => void (await client.query(text)),
    copyIn: async (target, data) => {
      const sink: Writable = session().query(copyFrom(`copy ${target} from stdin with (format binary)`))
      const done = once(sink, 'finish')
      sink.end(data)
      await done
    },
    copyInText: async (target, chunks) =>
      pipeline(chunks, session().query(copyFrom(`copy ${target} from stdin`)) as Writable),
    copyOut: (query) => session().query(copyTo(`copy (${query}) to stdout`)) as Readable,
  }
}
