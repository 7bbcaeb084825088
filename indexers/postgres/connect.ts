import { Socket } from 'node:net'
import type { Client, ClientConfig } from 'pg'
import { AquiferError } from '../../src/core/errors.ts'
import type { PostgresConnection } from './config.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import { toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export interface Address {
  readonly url: string
  readonly statementTimeoutMs: number
}

export function addressOf({ url, statementTimeout }: PostgresConnection): Address {
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  return { url, statementTimeoutMs: statementTimeout }
}

/** An option of `pg` that its types leave out: the connection takes the commands of replication, too. */
const replicating: object = { replication: 'database' }

const connectTimeoutMs = 10_000
const cancelTimeoutMs = 2000

/** A connection that hands over every value as the text Postgres prints. The driver is loaded here, at first use. */
export async function connect(
  { url, statementTimeoutMs }: Address,
  place: Place,
  {
    signal,
    timeoutMs = connectTimeoutMs,
    replication = false,
  }: { readonly signal?: AbortSignal; readonly timeoutMs?: number; readonly replication?: boolean } = {},
): Promise<Client> {
  const { Client } = await import('pg')
  const socket = new Socket()
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'aquifer',
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    // The server enforces statementTimeout; this is for one that no longer answers.
    ...(replication ? replicating : { query_timeout: statementTimeoutMs + 15_000 }),
    types: { getTypeParser: () => (text: string) => text },
    stream: () => socket,
  }
  const client = understand(url, place, () => new Client(config))
  const stop = (): void => void socket.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    // Without a listener, losing an idle connection would end the process. The next statement meets the error.
    client.on('error', () => {})
    await client.connect()
    return client
  } catch (thrown) {
    // Refused while it logged in, it would stay connected until the server loses patience.
    socket.destroy()
    throw toSourceError(thrown, place)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function understand<T>(url: string, place: Place, make: () => T): T {
  const complain = (cause?: unknown): Error =>
    invalidSource(place, 'the URL of the connection is not a Postgres URL', {
      cause,
      fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters percent-encoded.',
    })
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw complain()
  try {
    return make()
  } catch (cause) {
    throw complain(cause)
  }
}

/** Asks the server to end what the session `pid` runs. Best effort: a server with one connection has no room for it. */
export async function cancelStatement(address: Address, pid: string): Promise<void> {
  try {
    const client = await connect(address, { subject: '', what: '' }, { timeoutMs: cancelTimeoutMs })
    try {
      await client.query('select pg_cancel_backend($1)', [pid])
    } finally {
      await client.end()
    }
  } catch {
    return
  }
}
