import mongodb from '../../indexers/mongodb/index.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-reading.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'

async function makeFixture(): Promise<IndexerFixture> {
  const names = ['first', 'second'] as const
  const database = await openMongodbDatabase(...names)
  const sources = Object.fromEntries(names.map((name) => [name, { collection: name }]))
  return {
    sources: names,
    deletes: mongodb.deletes,
    open: (options) => database.open(sources, options),
    async put(source, name, text) {
      await database.collection(source).updateOne({ _id: name }, { $set: { text } }, { upsert: true })
      return name === '[a]' || name === '{a}' ? JSON.stringify(name) : name
    },
    async remove(source, name) {
      await database.collection(source).deleteOne({ _id: name })
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

describeIndexerContract('a MongoDB collection', makeFixture)
