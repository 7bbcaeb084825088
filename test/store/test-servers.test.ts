import { expect, test } from 'vitest'

import { openTestIndices } from '../kit/elasticsearch.ts'
import { indicesOf } from '../kit/elasticsearch-indices.ts'
import { requestElasticsearch } from '../kit/elasticsearch-request.ts'
import { openTestTopic } from '../kit/kafka-source.ts'
import { listTopics } from '../kit/kafka-topics.ts'
import { openTestMariadb } from '../kit/mariadb.ts'
import { withMariadb } from '../kit/mariadb-databases.ts'
import { probeMongodb, removeStaleMongodbs } from '../kit/mongodb-databases.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'
import { withClient } from '../kit/postgres-databases.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { listBuckets, s3Client } from '../kit/s3-buckets.ts'
import { openTestBucket } from '../kit/s3.ts'
import { serverUrl } from '../kit/server-url.ts'

test('the Postgres of the tests is version 18 and has pgvector and pg_textsearch', async () => {
  await using database = await openTestDatabase()
  const { rows } = await withClient(database.url, async (client) => {
    await client.query('create extension vector; create extension pg_textsearch')
    return client.query<{ major: number; extensions: string[] }>(`
      select current_setting('server_version_num')::int / 10000 as major,
             (select array_agg(extname::text order by extname) from pg_extension
              where extname in ('vector', 'pg_textsearch')) as extensions`)
  })
  expect(rows).toEqual([{ major: 18, extensions: ['pg_textsearch', 'vector'] }])
})

test('the database of a test is gone after it', async () => {
  const database = await openTestDatabase()
  await database[Symbol.asyncDispose]()
  await expect(withClient(database.url, (client) => client.query('select 1'))).rejects.toMatchObject({ code: '3D000' })
})

test('the Elasticsearch of the tests is version 9', async () => {
  await using indices = await openTestIndices()
  expect(await requestElasticsearch(indices.url, '/')).toMatchObject({
    version: { number: expect.stringMatching(/^9\./) },
  })
})

test('indices of a test are gone after it', async () => {
  const indices = await openTestIndices()
  await requestElasticsearch(indices.url, `/${indices.prefix}-one`, { method: 'PUT' })
  expect(await indicesOf(indices.url, indices.prefix)).toEqual([`${indices.prefix}-one`])
  await indices[Symbol.asyncDispose]()
  expect(await indicesOf(indices.url, indices.prefix)).toEqual([])
})

test('the MariaDB of the tests knows time zones by name and writes a binary log', async () => {
  await using database = await openTestMariadb()
  const rows = await withMariadb(database.url, (run) =>
    run("select @@log_bin as log, cast(convert_tz('2020-07-01', 'UTC', 'Europe/Berlin') as char) as local"),
  )
  expect(rows).toEqual([{ log: 1, local: '2020-07-01 02:00:00' }])
})

test('the bucket of a test is gone after it, with what is in it', async () => {
  const bucket = await openTestBucket()
  await bucket.put('a/b.csv', 'x\n1\n')
  const client = s3Client(bucket.url)
  expect(await listBuckets(client)).toContain(bucket.name)
  await bucket[Symbol.asyncDispose]()
  expect(await listBuckets(client)).not.toContain(bucket.name)
  client.destroy()
})

test('the MongoDB of the tests is the primary of a replica set', async () => {
  await expect(probeMongodb(serverUrl('mongodb'))).resolves.toBeUndefined()
})

test('databases that killed runs left on MongoDB are removed, and no others', async () => {
  await using database = await openMongodbDatabase('things')
  const stale = `aquifer_test_${(Date.now() - 4 * 60 * 60 * 1000).toString(36)}_00000000`
  await database.client.db(stale).createCollection('things')
  await removeStaleMongodbs(serverUrl('mongodb'))
  const { databases } = await database.client.db('admin').admin().listDatabases({ nameOnly: true })
  const names = databases.map(({ name }) => name)
  expect(names).not.toContain(stale)
  expect(names).toContain(database.name)
})

test('the topic of a test is gone after it', async () => {
  const topic = await openTestTopic()
  expect(await listTopics(topic.url)).toContain(topic.name)
  await topic[Symbol.asyncDispose]()
  expect(await listTopics(topic.url)).not.toContain(topic.name)
})
