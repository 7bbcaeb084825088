import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

import { revealSecrets } from '../../src/config/reveal-secrets.ts'
import type { Env } from '../../src/core/env.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Cell, Engine, RunLimits, SqlValue } from '../../src/semantic/engine.ts'
import { loadEngine } from '../../src/semantic/engines/index.ts'
import { openTempDir } from './temp-dir.ts'

export const lakeLimits: RunLimits = { rows: 10_000, bytes: 1_000_000, timeoutMs: 20_000 }

/** An engine of DuckDB, and what tests ask of it. */
export interface Asking extends AsyncDisposable {
  readonly engine: Engine
  rows(sql: string, values?: readonly SqlValue[]): Promise<readonly (readonly Cell[])[]>
  watermark(sql: string): Promise<string>
  /** `CODE message` of what the statement ends in. */
  failure(sql: string, limits?: Partial<RunLimits>): Promise<string>
}

/** The connection `lake` with these options, secrets from `env`; its own state is in `dir`. */
export async function openAsking(options: object, dir: string, env: Env = {}): Promise<Asking> {
  const type = await loadEngine('duckdb')
  const engine = await type.open({
    name: 'lake',
    options: await revealSecrets(type.connection?.parse(options), env),
    dir,
    log: silentLog,
  })
  const run = (sql: string, values: readonly SqlValue[] = [], limits: Partial<RunLimits> = {}) =>
    engine.run({ sql, values }, { limits: { ...lakeLimits, ...limits }, tables: [] })
  return {
    engine,
    rows: async (sql, values) => (await run(sql, values)).rows,
    watermark: async (sql) => (await run(sql)).watermark,
    failure: (sql, limits) => run(sql, [], limits).then(() => 'answered', failureText),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

export function failureText(thrown: unknown): string {
  if (!(thrown instanceof AquiferError)) throw thrown
  return `${thrown.code} ${thrown.message}`
}

export interface Lake extends Asking {
  /** The folder that its tables are in. */
  readonly path: string
  /** Of the engine, beside it. */
  readonly state: string
  /** Replaces a file at once, as whoever is careful does. */
  write(name: string, content: string | Uint8Array): Promise<void>
  /** Writes a file as DuckDB does, such as Parquet. */
  copy(query: string, name: string): Promise<void>
}

/** A folder with these files, and an engine over it. */
export async function openLake(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: object = {},
): Promise<Lake> {
  const dir = await openTempDir()
  const path = join(dir.path, 'data')
  const state = join(dir.path, 'state')
  await mkdir(path)
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(dir.path, 'next'), content)
    await rename(join(dir.path, 'next'), join(path, name))
  }
  for (const [name, content] of Object.entries(files)) await write(name, content)
  const asking = await openAsking({ path, ...options }, state)
  return {
    ...asking,
    path,
    state,
    write,
    copy: async (query, name) => {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await runDuckDb(`COPY (${query}) TO '${join(path, name)}'`)
    },
    [Symbol.asyncDispose]: async () => {
      await asking[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** Runs statements in a database of its own, or in a database file, without any of our limits. */
export async function runDuckDb(sql: string, file = ':memory:'): Promise<void> {
  const instance = await DuckDBInstance.create(file)
  const connection = await instance.connect()
  try {
    await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
