import { Client as Elasticsearch } from '@elastic/elasticsearch'
import { Client } from 'pg'

/** The servers that the benchmarks use; the same variables as the tests'. */
const postgresUrl = process.env['AQUIFER_TEST_POSTGRES_URL'] ?? 'postgresql://postgres@127.0.0.1:5471/postgres'
export const elasticsearchUrl = process.env['AQUIFER_TEST_ELASTICSEARCH_URL'] ?? 'http://127.0.0.1:9271'

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string
  readonly client: Client
}

/** A database of its own, dropped in the end. */
export async function openDatabase(name: string): Promise<BenchDatabase> {
  const server = new Client({ connectionString: postgresUrl })
  await server.connect().catch((cause: unknown) => {
    throw new Error('No Postgres: start one with test/services/postgres/start.sh 5471', { cause })
  })
  await server.query(`drop database if exists ${name} with (force)`)
  await server.query(`create database ${name}`)
  await server.end()
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  const client = new Client({ connectionString: url.href })
  await client.connect()
  return {
    url: url.href,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.end()
      const again = new Client({ connectionString: postgresUrl })
      await again.connect()
      await again.query(`drop database if exists ${name} with (force)`)
      await again.end()
    },
  }
}

/** Removes the indices of a benchmark, also those that an interrupted run left behind. */
export async function removeIndices(prefix: string): Promise<void> {
  const elasticsearch = new Elasticsearch({ node: elasticsearchUrl })
  const found = await elasticsearch.indices.get({ index: `${prefix}*` })
  for (const index of Object.keys(found)) await elasticsearch.indices.delete({ index })
  await elasticsearch.close()
}
