import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { withClient } from './postgres-databases.ts'

const shared = process.env['AQUIFER_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url))

/** The two dumps of the Sakila database, or undefined where the shared test data is not at hand. */
export async function readSakila(): Promise<readonly string[] | undefined> {
  const folder = join(shared, 'data', 'db-sakila-postgres')
  try {
    const schema = await readFile(join(folder, 'postgres-sakila-schema.sql'), 'utf8')
    const rows = gunzipSync(await readFile(join(folder, 'postgres-sakila-insert-data-using-copy.sql.gz'))).toString()
    return [schema, rows]
  } catch {
    return undefined
  }
}

/** Makes and fills the Sakila tables in an empty database. */
export async function loadSakila(url: string, dumps: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const dump of dumps) await runDump(client, dump)
    await client.query('analyze')
  })
}

/** Runs what pg_dump wrote: SQL, and rows between `COPY … FROM stdin;` and a line `\.`. */
async function runDump(client: Client, dump: string): Promise<void> {
  const [start = '', ...blocks] = dump.split(/^(COPY .* FROM stdin;)$/m)
  await client.query(start)
  for (let at = 0; at + 1 < blocks.length; at += 2) {
    const [copy = '', block = ''] = blocks.slice(at, at + 2)
    const end = block.indexOf('\\.\n')
    await pipeline(Readable.from([block.slice(1, end)]), client.query(copyFrom(copy)))
    await client.query(block.slice(end + 3))
  }
}
