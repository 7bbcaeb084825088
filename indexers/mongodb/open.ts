import type { MongoClient } from 'mongodb'
import type { Change } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { expired, invalidSource, isStop } from '../../src/core/source-error.ts'
import type { Cursors, Indexer, OpenOptions } from '../../src/core/indexer.ts'
import { readToken } from './change-log.ts'
import type { MongodbConnection, MongodbSource } from './config.ts'
import { connect, databaseOf, waitMsOf } from './connect.ts'
import { parseCursor } from './cursor.ts'
import { merge } from './merge.ts'
import { readCollectionId } from './reader.ts'
import type { Reader, Stored } from './reader.ts'
import { readItems } from './read-items.ts'
import { readKeys } from './read-keys.ts'
import { readSource } from './read-source.ts'
import type { Place } from '../../src/core/source-error.ts'
import { closeQuietly, within } from './within.ts'

/** Connects, and checks that every source can be read and followed. */
export async function openMongodb(
  connection: MongodbConnection,
  options: OpenOptions<MongodbSource>,
): Promise<Indexer> {
  const names = Object.keys(options.sources)
  const place = { subject: `Source ${names.join(', ')}`, what: 'its database' }
  const client = await connect(connection, place, options.signal)
  try {
    const readers = new Map<string, Reader>()
    for (const [name, source] of Object.entries(options.sources)) {
      const reader = readerOf(client, { name, source, connection, options })
      await readCollectionId(reader, client)
      await readToken(reader)
      const first = { projection: { _id: 1 }, session: reader.session } as const
      await within(() => reader.collection.findOne({}, first), reader.place, reader.limits)
      readers.set(name, reader)
    }
    return indexerOf(client, readers, options)
  } catch (error) {
    await closeQuietly(() => client.close())
    throw error
  }
}

interface ReaderInput {
  readonly name: string
  readonly source: MongodbSource
  readonly connection: MongodbConnection
  readonly options: OpenOptions<MongodbSource>
}

function readerOf(client: MongoClient, { name, source, connection, options }: ReaderInput): Reader {
  const database = source.database ?? databaseOf(connection)
  const subject = `Source ${name}`
  if (database === undefined) {
    throw invalidSource(
      { subject, what: source.collection },
      'neither the URL of the connection nor it names a database',
      {
        fix: 'Write the database behind the host of the URL, or as database of the source.',
      },
    )
  }
  const place: Place = { subject, what: `${database}.${source.collection}` }
  return {
    name,
    place,
    collection: client.db(database).collection<Stored>(source.collection),
    session: client.startSession({ causalConsistency: true }),
    limits: { signal: options.signal, waitMs: waitMsOf(connection) },
    operationTimeoutMs: connection.operationTimeout,
    clock: options.clock,
    digest: options.digest,
  }
}

function indexerOf(
  client: MongoClient,
  readers: ReadonlyMap<string, Reader>,
  { signal, until }: OpenOptions<MongodbSource>,
): Indexer {
  async function* readOne(reader: Reader, after: Cursors): AsyncGenerator<Change> {
    const cursor = parseCursor(after[reader.name], reader.place)
    const collectionId = await readCollectionId(reader, client)
    if (cursor !== undefined && cursor.collection !== collectionId) {
      throw expired(reader.place, `${reader.place.what} is not the collection that was read before`)
    }
    yield* readSource(reader, cursor, { until, collectionId })
  }

  async function* changes(after: Cursors): AsyncGenerator<Change> {
    const stop = new AbortController()
    const limited = AbortSignal.any([signal, stop.signal])
    const streams = [...readers.values()].map((reader) =>
      readOne({ ...reader, limits: { ...reader.limits, signal: limited } }, after),
    )
    try {
      for await (const change of merge(streams)) {
        if (signal.aborted) return
        yield change
      }
    } catch (error) {
      if (!isStop(error, signal)) throw error
    } finally {
      stop.abort()
      await Promise.allSettled(streams.map((stream) => stream.return(undefined)))
    }
  }

  return {
    changes,
    keys(name, range, want) {
      const reader = readers.get(name)
      if (reader === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      return readKeys(reader, range, want)
    },
    read(name, keys) {
      const reader = readers.get(name)
      if (reader === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      return readItems(reader, keys)
    },
    [Symbol.asyncDispose]: () => closeQuietly(() => client.close()),
  }
}
