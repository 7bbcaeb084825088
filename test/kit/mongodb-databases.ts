import { MongoClient } from 'mongodb'
import type { Document } from 'mongodb'

import { isStale } from './test-name.ts'

/** Runs `work` with a client of its own. */
async function withMongodb<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/** Answers when the server can be written to; the container's is made a replica set of one first. */
export async function probeMongodb(url: string): Promise<void> {
  await withMongodb(url, async (client) => {
    const admin = client.db('admin')
    const hello: Document = await admin.command({ hello: 1 })
    if (hello['isWritablePrimary'] === true && typeof hello['setName'] === 'string') return
    if (hello['isreplicaset'] === true) {
      const members = [{ _id: 0, host: '127.0.0.1:27017' }]
      await admin.command({ replSetInitiate: { _id: 'rs0', members } })
    }
    throw new Error('it is no primary of a replica set yet')
  })
}

/** Drops what runs that were killed left behind. */
export async function removeStaleMongodbs(serverUrl: string): Promise<void> {
  await withMongodb(serverUrl, async (client) => {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true })
    for (const { name } of databases) if (isStale(name)) await client.db(name).dropDatabase()
  })
}
