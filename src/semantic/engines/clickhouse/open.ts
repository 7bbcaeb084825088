import { randomUUID } from 'node:crypto'
import pLimit from 'p-limit'
import { either, withDeadline } from '../../engine-deadline.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { Engine, EngineResult, RunLimits, Statement } from '../../engine.ts'
import { readColumns } from '../../engine-catalog.ts'
import { openClient } from './client.ts'
import type { ClickhouseConnection } from './config.ts'
import { toClickhouseError } from './engine-error.ts'
import { readRights, rightsAdvice } from './rights.ts'
import { readWatermark, type Ask } from './watermark.ts'
import { tables } from './tables.ts'

/** How many statements run at once. */
const concurrency = 8
const catalogLimits = { rows: 10_000, bytes: 8 << 20, timeoutMs: 30_000 }

/** ClickHouse 24 or later, over HTTP. It has no snapshots, so the watermark is taken before the rows and again after them. */
export async function openClickhouse({ name, options }: EngineOptions<ClickhouseConnection>): Promise<Engine> {
  const client = openClient(name, options)
  const slots = pLimit(concurrency)
  const closing = new AbortController()

  async function attempt(work: Work): Promise<EngineResult> {
    const { statement, tables, limits, signal } = work
    const ask: Ask = async (sql, values) => (await client.read({ sql, values }, catalogLimits, signal)).rows
    const before = await readWatermark(tables, ask)
    const answer = await client.read(statement, limits, signal)
    const after = await readWatermark(tables, ask)
    // Somebody wrote while the rows were read, which may show either state: such a watermark equals no other.
    return { ...answer, watermark: before === after ? after : `${after}+${randomUUID()}` }
  }

  const run: Engine['run'] = async (statement, { limits, tables, signal }) => {
    try {
      return await withDeadline(name, { limits, signal: either(signal, closing.signal) }, (stop) =>
        slots(() => attempt({ statement, tables, limits, signal: stop })),
      )
    } catch (error) {
      throw toClickhouseError(error, { connection: name, sql: statement.sql, tables, timeoutMs: limits.timeoutMs })
    }
  }

  return {
    dialect: 'clickhouse',
    run,
    columns: (table) => readColumns(table, { connection: name, run, dialect: 'clickhouse', tables }),
    check: async () => {
      const found = await readRights(run)
      return found.length === 0 ? [] : [`Connection ${name}: its user ${found.join(', ')}. ${rightsAdvice}`]
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await client[Symbol.asyncDispose]()
    },
  }
}

interface Work {
  readonly statement: Statement
  readonly tables: readonly string[]
  readonly limits: RunLimits
  readonly signal: AbortSignal
}
