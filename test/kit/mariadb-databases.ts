import { createConnection, escapeId } from 'mysql2/promise'

import { isStale } from './test-name.ts'

/** Runs one statement, or several without values; rows hold what the driver makes of them. */
export type RunMariadb = (sql: string, values?: readonly (string | number | null)[]) => Promise<readonly object[]>

/** Runs `work` on a connection of its own to this database. */
export async function withMariadb<T>(url: string, work: (run: RunMariadb) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri: url, connectTimeout: 10_000, multipleStatements: true })
  try {
    return await work(async (sql, values) => {
      const [rows] = await connection.query(sql, values === undefined ? undefined : [...values])
      return Array.isArray(rows) ? rows : []
    })
  } finally {
    await connection.end()
  }
}

export async function createMariadb(serverUrl: string, name: string): Promise<void> {
  await withMariadb(serverUrl, (run) => run(`create database ${escapeId(name)} character set utf8mb4`))
}

export async function dropMariadb(serverUrl: string, name: string): Promise<void> {
  await withMariadb(serverUrl, (run) => run(`drop database if exists ${escapeId(name)}`))
}

/** Drops what runs that were killed left behind. */
export async function removeStaleMariadbs(serverUrl: string): Promise<void> {
  const databases = await withMariadb(serverUrl, (run) => run("show databases like 'aquifer\\_test\\_%'"))
  for (const name of databases.flatMap((row) => Object.values(row))) {
    if (typeof name === 'string' && isStale(name)) await dropMariadb(serverUrl, name)
  }
}
