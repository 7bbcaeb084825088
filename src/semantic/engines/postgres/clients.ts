import type { Pool, PoolClient, PoolConfig } from 'pg'
import { AquiferError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import { cancelStatement } from './cancel.ts'
import { sqlState } from './engine-error.ts'
import { createPrepared, createUnprepared, type Prepared } from './prepared.ts'

export interface Session {
  readonly client: PoolClient
  readonly prepared: Prepared
  /** The server's history: another cluster or timeline gives the same watermarks to other data. */
  readonly history: string
  readonly inRecovery: boolean
  /** Whether something ran on this connection before. */
  used: boolean
}

/** A few connections to one database, made when they are needed and closed when they idle. */
export interface Clients extends AsyncDisposable {
  take(): Promise<Session>
  /** For the next one to use. */
  giveBack(session: Session): void
  /** Cancels what runs there and closes the connection. */
  drop(session: Session): void
}

export const poolSize = 4
const idleMs = 30_000
const connectMs = 10_000

const readOnly = '-c default_transaction_read_only=on'

/** The driver is loaded here, at first use. */
export function openClients({ name, url, log }: { name: string; url: string; log: Log }): Clients {
  if (!/^postgres(?:ql)?:\/\//.test(url)) throw badUrl(name)
  const sessions = new WeakMap<PoolClient, Session>()
  const cancelling = new Set<Promise<void>>()
  let pool: Promise<Pool> | undefined
  /** A pooler may refuse settings at the start of a session; ours are those of each transaction then. */
  let pooled = false

  async function makePool(): Promise<Pool> {
    const { Pool } = await import('pg')
    const config: PoolConfig = {
      connectionString: url,
      application_name: 'aquifer',
      max: poolSize,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: connectMs,
      allowExitOnIdle: true,
      keepAlive: true,
      ...(pooled ? {} : { options: readOnly }),
    }
    const made = new Pool(config)
    // Without listeners a lost connection would end the process. The next statement meets the error.
    made.on('error', () => {})
    made.on('connect', (client) => void client.on('error', () => {}))
    return made
  }

  async function connect(): Promise<PoolClient> {
    try {
      return await (await (pool ??= makePool())).connect()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_URL') throw badUrl(name)
      if (pooled || !refusesOptions(error)) throw error
      pooled = true
      log.warn(
        { connection: name },
        'the pooler of this connection refuses settings of a session; each statement still runs in a read-only transaction',
      )
      await (await pool)?.end()
      pool = undefined
      return connect()
    }
  }

  return {
    take: async () => {
      const client = await connect()
      const known = sessions.get(client)
      if (known !== undefined) return known
      try {
        const session = {
          client,
          prepared: pooled ? createUnprepared() : createPrepared(),
          ...(await askFacts(client)),
          used: false,
        }
        sessions.set(client, session)
        return session
      } catch (error) {
        client.release(true)
        throw error
      }
    },
    giveBack: (session) => {
      session.used = true
      session.client.release()
    },
    drop: ({ client }) => {
      const cancelled = cancelStatement(client)
      cancelling.add(cancelled)
      void cancelled.finally(() => cancelling.delete(cancelled))
      client.release(true)
    },
    [Symbol.asyncDispose]: async () => {
      const open = await pool?.catch(() => undefined)
      pool = undefined
      await open?.end()
      await Promise.all(cancelling)
    },
  }
}

const factsSql = `select pg_is_in_recovery() as "inRecovery",
  (select system_identifier::text from pg_control_system()) || '/' ||
  (select timeline_id::text from pg_control_checkpoint()) as history`

interface Facts {
  readonly inRecovery: boolean
  readonly history: string
}

async function askFacts(client: PoolClient): Promise<Facts> {
  try {
    return (await client.query<Facts & Record<string, unknown>>(factsSql)).rows[0] ?? { inRecovery: false, history: '' }
  } catch (error) {
    // Some hosted Postgres keep these functions from their users.
    if (sqlState(error) === undefined) throw error
    const { rows } = await client.query<{ inRecovery: boolean }>('select pg_is_in_recovery() as "inRecovery"')
    return { inRecovery: rows[0]?.inRecovery === true, history: '' }
  }
}

function refusesOptions(error: unknown): boolean {
  return error instanceof Error && /unsupported startup parameter/i.test(error.message)
}

function badUrl(name: string): AquiferError {
  return new AquiferError('CONFIG_INVALID', `Connection ${name}: its URL is not a Postgres URL.`, {
    fix: 'Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters percent-encoded.',
  })
}
