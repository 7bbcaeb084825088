import pLimit from 'p-limit'
import { either, withDeadline } from '../../engine-deadline.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { Engine, EngineResult } from '../../engine.ts'
import { readColumns } from '../../engine-catalog.ts'
import type { MysqlOptions } from './config.ts'
import { openConnections, poolSize, type Session } from './connections.ts'
import { isConnectionLost, toMysqlError } from './engine-error.ts'
import { readRights, rightsAdvice } from './rights.ts'
import { runStatement, type Work } from './run-statement.ts'
import { hasViews, tables } from './tables.ts'

const catalogLimits = { rows: 1, bytes: 1000, timeoutMs: 30_000 }
const zonesSql = "select convert_tz('2020-01-01', 'UTC', 'Europe/Berlin') is not null"

/** MySQL and MariaDB. */
export async function openMysql({ name, options, log }: EngineOptions<MysqlOptions>): Promise<Engine> {
  const connections = openConnections(name, options)
  const slots = pLimit(poolSize)
  const closing = new AbortController()
  let rights: readonly string[] | undefined
  let zones: Promise<boolean> | undefined

  async function take(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    const session = await connections.take()
    try {
      if (rights === undefined) warnOf((rights = await readRights(session.ask)))
    } catch (error) {
      connections.drop(session)
      throw error
    }
    if (!signal.aborted) return session
    connections.giveBack(session)
    throw signal.reason
  }

  function warnOf(found: readonly string[]): void {
    const dangerous = found.filter((right) => right.includes('server'))
    if (dangerous.length > 0) log.warn({ connection: name, user: dangerous }, rightsAdvice)
  }

  /** A connection that idled may be dead: a fresh one decides. */
  async function attempt(work: Work): Promise<EngineResult> {
    const session = await take(work.signal)
    const { used } = session
    try {
      return await runStatement(connections, session, work)
    } catch (error) {
      if (!used || work.signal.aborted || !isConnectionLost(error)) throw error
      return attempt(work)
    }
  }

  const run: Engine['run'] = async (statement, { limits, tables, signal }) => {
    try {
      return await withDeadline(name, { limits, signal: either(signal, closing.signal) }, (stop) =>
        slots(() => attempt({ statement, limits, signal: stop })),
      )
    } catch (error) {
      throw toMysqlError(error, { connection: name, sql: statement.sql, tables, timeoutMs: limits.timeoutMs })
    }
  }

  async function askZones(): Promise<boolean> {
    const { rows } = await run({ sql: zonesSql, values: [] }, { limits: catalogLimits, tables: [] })
    return rows[0]?.[0] === 1
  }

  return {
    dialect: 'mysql',
    run,
    columns: (table) => readColumns(table, { connection: name, run, dialect: 'mysql', tables }),
    hasViews: (names) => hasViews(run, names),
    zones: () => {
      zones ??= askZones().catch((error: unknown) => {
        zones = undefined
        throw error
      })
      return zones
    },
    check: async () => {
      rights = undefined
      await run({ sql: 'select 1', values: [] }, { limits: catalogLimits, tables: [] })
      const found = rights ?? []
      return found.length === 0 ? [] : [`Connection ${name}: its user ${found.join(', ')}. ${rightsAdvice}`]
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await connections[Symbol.asyncDispose]()
    },
  }
}
