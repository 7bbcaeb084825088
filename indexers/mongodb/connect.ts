import { MongoClient } from 'mongodb'
import type { MongoClientOptions } from 'mongodb'
import { AquiferError } from '../../src/core/errors.ts'
import type { MongodbConnection } from './config.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { closeQuietly, within } from './within.ts'

const waitMs = 10_000
const graceMs = 15_000

/** A server that hangs while it reads is noticed after this; one that is gone, by the driver's heartbeat. */
export function waitMsOf({ operationTimeout }: MongodbConnection): number {
  return operationTimeout + graceMs
}

/** A client that has reached the server and logged in. */
export async function connect(connection: MongodbConnection, place: Place, signal: AbortSignal): Promise<MongoClient> {
  const client = makeClient(connection, place)
  try {
    await within(() => client.connect(), place, { signal, waitMs: waitMsOf(connection) })
    return client
  } catch (error) {
    await closeQuietly(() => client.close())
    throw error
  }
}

function makeClient(connection: MongodbConnection, place: Place): MongoClient {
  try {
    const url = urlOf(connection)
    return new MongoClient(url, {
      ...unlessSaid(url, {
        appName: 'aquifer',
        serverSelectionTimeoutMS: waitMs,
        connectTimeoutMS: waitMs,
        // Every change stream waits on a connection of its own.
        maxPoolSize: 0,
      }),
      socketTimeoutMS: waitMsOf(connection),
      // Reads see only what no election can take back.
      readConcernLevel: 'majority',
    })
  } catch (cause) {
    throw invalidSource(place, 'the URL of the connection is not a MongoDB URL', {
      cause,
      fix: 'Write it as mongodb://USER:PASSWORD@HOST:27017/DATABASE, with special characters percent-encoded.',
    })
  }
}

/** Options come before what the URL says, so what it says itself is left out. */
function unlessSaid(url: string, options: MongoClientOptions): MongoClientOptions {
  const said = new Set([...url.matchAll(/[?&]([^=&]+)=/g)].map(([, name = '']) => name.toLowerCase()))
  return Object.fromEntries(Object.entries(options).filter(([name]) => !said.has(name.toLowerCase())))
}

/** The database that the URL names. */
export function databaseOf(connection: MongodbConnection): string | undefined {
  const [, name] = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^/?]+)/.exec(urlOf(connection)) ?? []
  // What is no percent-encoding is refused as a URL when it is connected to.
  return name === undefined || /%(?![0-9a-f]{2})/i.test(name) ? name : decodeURIComponent(name)
}

function urlOf({ url }: MongodbConnection): string {
  if (typeof url !== 'string') throw new AquiferError('INTERNAL', 'The URL of a connection was not resolved.')
  return url
}
