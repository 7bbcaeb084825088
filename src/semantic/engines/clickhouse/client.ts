import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { createClient } from '@clickhouse/client'
import { AquiferError } from '../../../core/errors.ts'
import type { EngineResult, RunLimits, Statement } from '../../engine.ts'
import type { ClickhouseConnection } from './config.ts'
import { isConnectionLost, isReadOnly } from './engine-error.ts'
import { readRows } from './read-rows.ts'
import { format, settingsFor, type ReadOnly } from './settings.ts'

/** One statement over HTTP, cancelled in the database when the signal fires. */
export interface Client extends AsyncDisposable {
  read(statement: Statement, limits: RunLimits, signal: AbortSignal): Promise<Omit<EngineResult, 'watermark'>>
}

type Driver = ReturnType<typeof createClient>

const hourMs = 3_600_000
const killMs = 2000

/** The driver is loaded here, at first use. */
export function openClient(name: string, options: ClickhouseConnection): Client {
  const address = addressOf(name, options)
  const killing = new Set<Promise<void>>()
  let driver: Promise<Driver> | undefined
  let readOnly: Promise<ReadOnly> | undefined

  async function connect(): Promise<Driver> {
    const { ClickHouseLogLevel, createClient } = await import('@clickhouse/client')
    return createClient({
      ...address,
      application: 'aquifer',
      // Statements have time limits of their own.
      request_timeout: hourMs,
      max_open_connections: 20,
      log: { level: ClickHouseLogLevel.OFF },
    })
  }

  async function kill(id: string): Promise<void> {
    const query = 'KILL QUERY WHERE query_id = {id:String}'
    await (await driver)?.command({ query, query_params: { id }, abort_signal: AbortSignal.timeout(killMs) })
  }

  async function attempt(
    { sql, values }: Statement,
    limits: RunLimits,
    signal: AbortSignal,
  ): ReturnType<Client['read']> {
    const opened = await (driver ??= connect())
    readOnly ??= readMode(name, opened)
    readOnly.catch(() => (readOnly = undefined))
    const mode = await readOnly
    signal.throwIfAborted()
    const id = randomUUID()
    const request = new AbortController()
    const stop = (): void => {
      request.abort()
      const killed = kill(id).catch(() => {})
      killing.add(killed)
      void killed.finally(() => killing.delete(killed))
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      const { stream } = await opened.exec({
        // The line break ends a comment.
        query: `${sql}\nFORMAT ${format}`,
        query_params: Object.fromEntries(values.map((value, index) => [`p${String(index + 1)}`, value])),
        clickhouse_settings: settingsFor(limits, mode),
        query_id: id,
        abort_signal: request.signal,
      })
      const rows = await readRows(stream, limits)
      if (rows.truncated && !stream.readableEnded) stop()
      return rows
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    read: async (statement, limits, signal) => {
      try {
        return await attempt(statement, limits, signal)
      } catch (error) {
        // A connection that idled may have been closed by the other side: a fresh one decides.
        if (!isConnectionLost(error) || signal.aborted) throw error
        return attempt(statement, limits, signal)
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(killing)
      await (await driver?.catch(() => undefined))?.close()
    },
  }
}

async function readMode(name: string, driver: Driver): Promise<ReadOnly> {
  const own = await askMode(driver).catch((error: unknown) => {
    if (isReadOnly(error)) return '1'
    throw error
  })
  if (own === '0') return '1'
  if (own === '2') return own
  throw new AquiferError('METRIC_ENGINE_AUTH', `Connection ${name}: its user may not change settings (readonly = 1).`, {
    fix: 'Take `readonly` out of its settings profile, or set it to 2: each statement brings limits, and readonly, with it.',
  })
}

async function askMode(driver: Driver): Promise<string> {
  const { stream } = await driver.exec({ query: "SELECT getSetting('readonly') FORMAT TabSeparated" })
  return (await text(stream)).trim()
}

interface Address {
  readonly url: string
  readonly username?: string
  readonly password?: string
  readonly database?: string
}

/** What else a URL may say to the driver, such as settings, it does not say here. */
function addressOf(name: string, { url, database }: ClickhouseConnection): Address {
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  const parsed = /^https?:\/\//.test(url) ? URL.parse(url) : null
  try {
    if (parsed === null) throw new Error('not a URL of HTTP')
    const named = database ?? decodeURIComponent(parsed.pathname.slice(1))
    return {
      url: parsed.origin,
      ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
      ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
      ...(named === '' ? {} : { database: named }),
    }
  } catch (cause) {
    throw new AquiferError('CONFIG_INVALID', `Connection ${name}: its URL is not one of ClickHouse's HTTP interface.`, {
      cause,
      fix: 'Write it as https://USER:PASSWORD@HOST:8443, with special characters percent-encoded.',
    })
  }
}
