import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'

import { isStale } from './test-name.ts'

/** Runs `work` on a connection of its own to this database. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, (client) =>
    client.query(`create database ${escapeIdentifier(name)} template template0 encoding 'UTF8'`),
  )
}

export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    await dropSlots(client, name)
    await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`)
  })
}

/** A database with a replication slot cannot be dropped, nor a slot that somebody reads. */
async function dropSlots(client: Client, name: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await client.query(
        'select pg_terminate_backend(active_pid) from pg_replication_slots where database = $1 and active_pid is not null',
        [name],
      )
      await client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1', [
        name,
      ])
      return
    } catch (error) {
      if (tries >= 50) throw error
      await sleep(50)
    }
  }
}

/** Drops what runs that were killed left behind. */
export async function removeStaleDatabases(serverUrl: string): Promise<void> {
  const { rows } = await withClient(serverUrl, (client) =>
    client.query<{ datname: string }>("select datname from pg_database where datname like 'aquifer\\_test\\_%'"),
  )
  for (const { datname } of rows) if (isStale(datname)) await dropDatabase(serverUrl, datname)
}
