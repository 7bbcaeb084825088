import { Client } from 'pg'
import postgres from '../../indexers/postgres/index.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-reading.ts'
import { openTestDatabase } from '../kit/postgres.ts'

async function makeFixture(): Promise<IndexerFixture> {
  const database = await openTestDatabase()
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const sources = ['first', 'second'] as const
  for (const name of sources) await client.query(`create table ${name} (name text primary key, body text not null)`)
  return {
    sources,
    deletes: postgres.deletes,
    open: (options) =>
      postgres.open(
        { url: database.url, statementTimeout: 60_000 },
        {
          ...options,
          sources: {
            first: { table: 'public.first', mode: 'poll' },
            second: { table: 'public.second', mode: 'poll' },
          },
        },
      ),
    async put(source, name, text) {
      await client.query(
        `insert into ${source} values ($1, $2) on conflict (name) do update set body = excluded.body`,
        [name, text],
      )
      return name
    },
    async remove(source, name) {
      await client.query(`delete from ${source} where name = $1`, [name])
    },
    async [Symbol.asyncDispose]() {
      await client.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

describeIndexerContract('a Postgres table', makeFixture)
