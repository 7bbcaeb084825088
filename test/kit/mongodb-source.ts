import { MongoClient } from 'mongodb'
import type { Collection } from 'mongodb'
import { MongodbSource } from '../../indexers/mongodb/config.ts'
import type { Id } from '../../indexers/mongodb/document.ts'
import mongodb from '../../indexers/mongodb/index.ts'
import type { Json } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { readChanges, readOptions } from './indexer-reading.ts'
import type { ReadOptions } from './indexer-reading.ts'
import { toReading } from './postgres-source.ts'
import type { Reading, SourceInput } from './postgres-source.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

/** A document of any shape, with an `_id` of any type. */
export interface AnyDocument {
  readonly [field: string]: unknown
  readonly _id: Id | number
}

/** A database of its own for one test, to write to and to read as a source. */
export interface MongodbDatabase extends AsyncDisposable {
  /** With the name of the database. */
  readonly url: string
  readonly name: string
  readonly client: MongoClient
  collection(name: string): Collection<AnyDocument>
  open(sources: Readonly<Record<string, SourceInput>>, options?: Partial<ReadOptions>, url?: string): Promise<Indexer>
  /** Opens, reads one collection once and closes. */
  read(collection: string, cursor?: Json): Promise<Reading>
}

export async function openMongodbDatabase(...collections: readonly string[]): Promise<MongodbDatabase> {
  const name = testName('_')
  const url = new URL(serverUrl('mongodb'))
  url.pathname = `/${name}`
  const client = new MongoClient(url.href, { serverSelectionTimeoutMS: 10_000 })
  const database = client.db(name)
  for (const collection of collections) await database.createCollection(collection)
  const open: MongodbDatabase['open'] = async (sources, options = {}, from = url.href) => {
    const entries = Object.entries(sources).map(([key, source]) => [key, MongodbSource.parse(source)] as const)
    return mongodb.open(
      { url: from, operationTimeout: 60_000 },
      { ...readOptions(options), sources: Object.fromEntries(entries) },
    )
  }
  return {
    url: url.href,
    name,
    client,
    collection: (one) => database.collection<AnyDocument>(one),
    open,
    async read(collection, cursor) {
      await using indexer = await open({ source: { collection } })
      return toReading(await readChanges(indexer, cursor === undefined ? {} : { source: cursor }))
    },
    async [Symbol.asyncDispose]() {
      await database.dropDatabase()
      await client.close()
    },
  }
}
