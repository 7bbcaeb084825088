import { readFile } from 'node:fs/promises'
import type { Connection, ConnectionOptions } from 'mysql2'
import { AquiferError } from '../../src/core/errors.ts'
import { destroyConnection, mysqlUrlFix, parseMysqlUrl } from '../../src/core/mysql.ts'
import type { MysqlTarget } from '../../src/core/mysql.ts'
import type { MysqlConnection } from './config.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import { toSourceError } from './source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export interface Address {
  readonly options: ConnectionOptions
  readonly statementTimeoutMs: number
}

const connectTimeoutMs = 10_000

export async function addressOf(
  { url, tls, statementTimeout }: MysqlConnection,
  place: Place,
): Promise<Address & { readonly database: string | undefined }> {
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  const parsed = parseUrl(url, place)
  return {
    options: {
      ...parsed,
      ...(tls === false ? {} : { ssl: tls === true ? {} : { ca: await readCa(tls.ca, place) } }),
      connectTimeout: connectTimeoutMs,
      enableKeepAlive: true,
      keepAliveInitialDelay: 10_000,
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: true,
      jsonStrings: true,
      flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', '-IGNORE_SPACE'],
      disableEval: true,
    },
    statementTimeoutMs: statementTimeout,
    database: parsed.database,
  }
}

function parseUrl(url: string, place: Place): MysqlTarget {
  try {
    return parseMysqlUrl(url)
  } catch (cause) {
    throw invalidSource(place, 'the URL of the connection is not a MySQL URL', { cause, fix: mysqlUrlFix })
  }
}

async function readCa(path: string, place: Place): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw invalidSource(place, 'the file of tls.ca cannot be read', { cause, fix: 'Correct tls.ca of the connection.' })
  }
}

/** A connection to the server; the driver is loaded here, at first use. */
export async function connect({ options }: Address, place: Place, signal?: AbortSignal): Promise<Connection> {
  const { createConnection } = await import('mysql2')
  const connection = createConnection(options)
  const stop = (): void => destroyConnection(connection)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      // Stays: without a listener, losing an idle connection would end the process. The next statement meets the error.
      connection.on('error', reject)
      connection.on('end', () => reject(new Error('the connection was lost')))
      connection.connect((error) => (error === null ? resolve() : reject(error)))
      signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
    })
    return connection
  } catch (thrown) {
    destroyConnection(connection)
    throw toSourceError(thrown, place)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
