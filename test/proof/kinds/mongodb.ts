import { Long, MongoClient, type AnyBulkWriteOperation } from 'mongodb'
import { openTcpProxy } from '../../kit/tcp-proxy.ts'
import { testName } from '../../kit/test-name.ts'
import { mappingYaml, type Expected, type Item } from '../item.ts'
import { createPlan, type Operation } from '../operations.ts'
import type { Kind } from './kind.ts'

interface Stored {
  _id: string
  title: string
  body: string
  status: string
  amount: number | Long
  readers: readonly string[]
  vector: readonly number[] | null
  extra?: unknown
}

/** Collections of MongoDB, followed by their change streams. */
export async function openMongodb(serverUrl: string, size: number): Promise<Kind> {
  const stack = new AsyncDisposableStack()
  const url = new URL(serverUrl)
  url.pathname = `/${testName('_')}`
  // As the numbers are kept: a long is not an int.
  const client = new MongoClient(url.href, { serverSelectionTimeoutMS: 10_000, promoteLongs: false })
  const database = client.db()
  stack.defer(() => client.close())
  stack.defer(async () => void (await database.dropDatabase()))
  const link = stack.use(await openTcpProxy(url.href))
  const collections = ['mongo_a', 'mongo_b'].map((name) => ({ name, plan: createPlan(name, size) }))
  for (const { name } of collections) await database.createCollection(name)
  const run = async (name: string, operations: readonly Operation[]): Promise<void> => {
    const writes = operations.flatMap(toWrites)
    await database.collection<Stored>(name).bulkWrite(writes, { ordered: true })
  }
  return {
    name: 'mongodb',
    sources: collections.map(({ name }) => name),
    yaml: {
      connections: `  mongo: { type: mongodb, url: '${link.url}' }`,
      sources: collections
        .map(
          ({ name }) =>
            `  ${name}: { connection: mongo, collection: ${name}, every: 300ms, ${mappingYaml}, vector: vector }`,
        )
        .join('\n'),
    },
    env: {},
    link,
    operate: async (random, count) => {
      const chosen = collections[random.int(0, collections.length - 1)]
      if (chosen === undefined) return 0
      // What stands for a change of schema: a field that all documents of a status get or lose at once.
      const dice = random.int(1, 100)
      if (dice <= 2 && count > 20) {
        const some = { amount: { $lt: 3 } }
        const collection = database.collection<Stored>(chosen.name)
        if (random.int(1, 2) === 1) await collection.updateMany(some, { $set: { extra: random.int(1, 9) } })
        else await collection.updateMany(some, { $unset: { extra: '' } })
        return 1
      }
      if (dice >= 99 && count > 20) {
        await database.collection(chosen.name).deleteMany({})
        chosen.plan.clear()
        return 1
      }
      const operations = chosen.plan.next(random, count)
      await run(chosen.name, operations)
      return operations.length
    },
    finish: async () => {},
    // A collection that is restored from a backup is another one, and no token of the old one leads into it.
    loseLog: async () => {
      for (const { name } of collections) {
        const documents = await database.collection<Stored>(name).find().toArray()
        await database.dropCollection(name)
        await database.createCollection(name)
        if (documents.length > 0) await database.collection<Stored>(name).insertMany(documents)
      }
    },
    put: (source, key, item) => run(source, [{ kind: 'put', key, item, isNew: false }]),
    read: async () => {
      const found = new Map<string, Map<string, Expected>>()
      for (const { name } of collections) {
        const documents = await database.collection<Stored>(name).find().toArray()
        found.set(name, new Map(documents.map(({ _id: key, ...document }) => [key, toExpected(document)])))
      }
      return found
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** An `_id` cannot change: it is a delete and an insert. */
function toWrites(operation: Operation): AnyBulkWriteOperation<Stored>[] {
  const remove = { deleteOne: { filter: { _id: operation.key } } }
  if (operation.kind === 'delete') return [remove]
  if (operation.kind === 'rename') return [remove, replace(operation.to, operation.item)]
  return [replace(operation.key, operation.item)]
}

function replace(_id: string, { title, body, status, amount, readers, vector }: Item): AnyBulkWriteOperation<Stored> {
  const replacement = {
    title,
    body,
    status,
    amount: amount % 2 === 0 ? amount : Long.fromNumber(amount),
    readers,
    vector: vector ?? null,
  }
  return { replaceOne: { filter: { _id }, replacement, upsert: true } }
}

function toExpected({ title, body, status, amount, readers, vector }: Omit<Stored, '_id'>): Expected {
  const number = typeof amount === 'number' ? amount : amount.toString()
  return { title, text: body, fields: { status, amount: number }, readers, vector: vector ?? undefined }
}
