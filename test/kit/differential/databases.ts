import { DuckDBInstance } from '@duckdb/node-api'
import { join } from 'node:path'

import { silentLog } from '../../../src/core/log.ts'
import { loadEngine } from '../../../src/semantic/engines/index.ts'
import type { Engine } from '../../../src/semantic/engine.ts'
import { createMariadb, dropMariadb, withMariadb } from '../mariadb-databases.ts'
import { dropDatabase, withClient } from '../postgres-databases.ts'
import { testName } from '../test-name.ts'
import type { Generated, GeneratedTable } from './generated.ts'
import { writeTable } from './write-tables.ts'

export const allTables = (layers: readonly Generated[]): Readonly<Record<string, GeneratedTable>> =>
  Object.assign({}, ...layers.map(({ tables }) => tables))

type Tables = Readonly<Record<string, GeneratedTable>>

async function open(type: string, options: object, dir: string): Promise<Engine> {
  const engine = await loadEngine(type)
  return engine.open({ name: 'db', options, dir, log: silentLog })
}

/** A database file with these tables, in a folder that the caller removes. */
export async function openDuckdb(tables: Tables, dir: string): Promise<Engine> {
  const path = join(dir, 'differential.duckdb')
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  for (const [name, table] of Object.entries(tables)) {
    for (const sql of writeTable('duckdb', name, table)) await connection.run(sql)
  }
  connection.closeSync()
  instance.closeSync()
  return open('duckdb', { path, tables: {}, null: [''], memory: 1e9, spill: 1e9 }, dir)
}

/** A database of its own, which is dropped with the engine. */
export async function openPostgres(tables: Tables, serverUrl: string, dir: string): Promise<Engine> {
  const name = testName('_')
  // Texts in the order of their characters, as elsewhere.
  await withClient(serverUrl, (client) =>
    client.query(`create database ${name} template template0 encoding 'UTF8' locale 'C'`),
  )
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await withClient(url.href, async (client) => {
    for (const [table, rows] of Object.entries(tables)) {
      for (const sql of writeTable('postgres', table, rows)) await client.query(sql)
    }
  })
  const engine = await open('postgres', { url: url.href }, dir)
  return {
    ...engine,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]().then(() => dropDatabase(serverUrl, name)),
  }
}

/** A database of its own, which is dropped with the engine. */
export async function openMariadb(tables: Tables, serverUrl: string, dir: string): Promise<Engine> {
  const name = testName('_')
  await createMariadb(serverUrl, name)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  await withMariadb(url.href, async (run) => {
    for (const [table, rows] of Object.entries(tables)) {
      for (const sql of writeTable('mysql', table, rows)) await run(sql)
    }
  })
  const engine = await open('mysql', { url: url.href, tls: false }, dir)
  return {
    ...engine,
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose]().then(() => dropMariadb(serverUrl, name)),
  }
}
