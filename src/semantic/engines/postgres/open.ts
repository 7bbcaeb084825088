import pLimit from 'p-limit'
import type { SecretUrl } from '../../../../schemas/config.ts'
import { AquiferError } from '../../../core/errors.ts'
import { either, withDeadline } from '../../engine-deadline.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { Engine, EngineResult } from '../../engine.ts'
import { readColumns } from '../../engine-catalog.ts'
import { openClients, poolSize, type Session } from './clients.ts'
import { isConnectionLost, isStalePlan, toPostgresError } from './engine-error.ts'
import { checkRole, dangerousRightsSql, roleAdvice } from './role.ts'
import { runStatement, type Work } from './run-statement.ts'
import { hasViews, tables } from './tables.ts'

/** What is used of a connection to Postgres; its keys are those of the indexer of that name. */
export interface PostgresOptions {
  readonly url: SecretUrl
  /** The longest that one statement may run, in milliseconds, whatever the limits of a run. */
  readonly statementTimeout?: number
}

export async function openPostgres({ name, options, log }: EngineOptions<PostgresOptions>): Promise<Engine> {
  const { url, statementTimeout = Infinity } = options
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  const clients = openClients({ name, url, log })
  const slots = pLimit(poolSize)
  const closing = new AbortController()
  let warned = false

  async function take(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted()
    const session = await clients.take()
    try {
      if (!warned) await warnOfRole(session)
      warned = true
    } catch (error) {
      clients.drop(session)
      throw error
    }
    if (!signal.aborted) return session
    clients.giveBack(session)
    throw signal.reason
  }

  async function warnOfRole({ client }: Session): Promise<void> {
    const { rows } = await client.query<{ what: string }>(dangerousRightsSql)
    if (rows.length > 0) log.warn({ connection: name, user: rows.map(({ what }) => what) }, roleAdvice)
  }

  /** A connection that idled may be dead, and what it prepared stale: a fresh one decides. */
  async function attempt(work: Work): Promise<EngineResult> {
    const session = await take(work.signal)
    const { used } = session
    try {
      return await runStatement(clients, session, work)
    } catch (error) {
      if (!used || work.signal.aborted || !(isConnectionLost(error) || isStalePlan(error))) throw error
      return attempt(work)
    }
  }

  const run: Engine['run'] = async (statement, { limits: asked, tables, signal }) => {
    const limits = { ...asked, timeoutMs: Math.min(asked.timeoutMs, statementTimeout) }
    try {
      return await withDeadline(name, { limits, signal: either(signal, closing.signal) }, (stop) =>
        slots(() => attempt({ statement, limits, signal: stop })),
      )
    } catch (error) {
      throw toPostgresError(error, { connection: name, sql: statement.sql, tables, timeoutMs: limits.timeoutMs })
    }
  }

  return {
    dialect: 'postgres',
    run,
    columns: (table) => readColumns(table, { connection: name, run, dialect: 'postgres', tables }),
    hasViews: (names) => hasViews(run, names),
    zones: () => Promise.resolve(true),
    check: () => checkRole(name, run),
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await clients[Symbol.asyncDispose]()
    },
  }
}
