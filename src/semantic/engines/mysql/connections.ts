import { readFile } from 'node:fs/promises'
import type { ConnectionOptions, Pool, PoolConnection } from 'mysql2'
import { AquiferError } from '../../../core/errors.ts'
import { destroyConnection, mysqlUrlFix, parseMysqlUrl, type MysqlTarget } from '../../../core/mysql.ts'
import { askOn, type Ask } from './ask.ts'
import type { MysqlOptions } from './config.ts'
import { chooseWatermark, type Watermark } from './watermark.ts'

export interface Session {
  readonly connection: PoolConnection
  readonly ask: Ask
  readonly mariadb: boolean
  readonly watermark: Watermark
  /** Limits that the session was last given, as SQL. */
  limits: string
  /** Whether something ran on this connection before. */
  used: boolean
}

/** A few connections to one database, made when they are needed and closed when they idle. */
export interface Connections extends AsyncDisposable {
  take(): Promise<Session>
  /** For the next one to use. */
  giveBack(session: Session): void
  /** Cancels what runs there and closes the connection. */
  drop(session: Session): void
}

export const poolSize = 4
const idleMs = 30_000
const connectMs = 10_000
const killMs = 2000

/** Quotes are standard SQL's, backslashes are letters, and what does not fit is an error instead of something near it. */
const modes =
  'ONLY_FULL_GROUP_BY,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'

const setUp = [
  `set session sql_mode = '${modes}', time_zone = '+00:00'`,
  'set session transaction isolation level repeatable read, read only',
]

/** The driver is loaded here, at first use. */
export function openConnections(name: string, options: MysqlOptions): Connections {
  const { url, tls } = options
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  const address = addressOf(name, url)
  const sessions = new WeakMap<PoolConnection, Session>()
  const killing = new Set<Promise<void>>()
  let config: Promise<ConnectionOptions> | undefined
  let pool: Promise<Pool> | undefined

  async function makePool(): Promise<Pool> {
    const { createPool } = await import('mysql2')
    const base = await (config ??= configOf(address, tls))
    return createPool({ ...base, connectionLimit: poolSize, maxIdle: poolSize - 1, idleTimeout: idleMs })
  }

  async function connect(): Promise<PoolConnection> {
    const opened = await (pool ??= makePool())
    return new Promise((resolve, reject) => {
      opened.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error)))
    })
  }

  async function kill(id: number): Promise<void> {
    const { createConnection } = await import('mysql2')
    const connection = createConnection({ ...(await config), connectTimeout: killMs })
    connection.on('error', () => {})
    await askOn(connection)(`kill query ${String(id)}`).catch(() => {})
    connection.destroy()
  }

  return {
    take: async () => {
      const connection = await connect()
      const known = sessions.get(connection)
      if (known !== undefined) return known
      try {
        const session = await prepareSession(connection)
        sessions.set(connection, session)
        return session
      } catch (error) {
        connection.destroy()
        throw error
      }
    },
    giveBack: (session) => {
      session.used = true
      session.connection.release()
    },
    drop: ({ connection }) => {
      const killed = kill(connection.threadId).catch(() => {})
      killing.add(killed)
      void killed.finally(() => killing.delete(killed))
      destroyConnection(connection)
    },
    [Symbol.asyncDispose]: async () => {
      const opened = await pool?.catch(() => undefined)
      pool = undefined
      await Promise.all(killing)
      await new Promise<void>((resolve) => (opened === undefined ? resolve() : opened.end(() => resolve())))
    },
  }
}

async function prepareSession(connection: PoolConnection): Promise<Session> {
  // Without a listener, losing an idle connection would end the process. The next statement meets the error.
  connection.on('error', () => {})
  const ask = askOn(connection)
  for (const sql of setUp) await ask(sql)
  const [[version] = []] = await ask('select version()')
  const mariadb = /mariadb/i.test(String(version))
  // Series of times recurse once a period; MariaDB ends them silently at 1000 rows, which would leave periods out.
  await ask(`set session ${mariadb ? 'max_recursive_iterations' : 'cte_max_recursion_depth'} = 4294967295`)
  return { connection, ask, mariadb, watermark: await chooseWatermark(ask), limits: '', used: false }
}

function addressOf(name: string, url: string): MysqlTarget {
  try {
    return parseMysqlUrl(url)
  } catch (cause) {
    throw new AquiferError('CONFIG_INVALID', `Connection ${name}: its URL is not a MySQL URL.`, {
      cause,
      fix: mysqlUrlFix,
    })
  }
}

async function configOf(address: MysqlTarget, tls: MysqlOptions['tls']): Promise<ConnectionOptions> {
  return {
    ...address,
    ...(tls === false ? {} : { ssl: tls === true ? {} : { ca: await readFile(tls.ca) } }),
    connectTimeout: connectMs,
    charset: 'utf8mb4',
    flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', '-IGNORE_SPACE'],
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    rowsAsArray: true,
    disableEval: true,
    maxPreparedStatements: 100,
  }
}
