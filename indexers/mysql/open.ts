import { AquiferError } from '../../src/core/errors.ts'
import type { Indexer, OpenOptions } from '../../src/core/indexer.ts'
import type { MysqlConnection, MysqlSource } from './config.ts'
import { untilStopped } from '../../src/core/until-stopped.ts'
import { addressOf } from './connect.ts'
import { readChanges } from './read-changes.ts'
import { readItems } from './read-items.ts'
import { readKeys } from './read-keys.ts'
import type { Reader } from './reader.ts'
import { readServer } from './server.ts'
import { openSession } from './session.ts'
import { inspect } from './table.ts'

/** Connects, and checks that every source can be read as it is configured. */
export async function openMysql(connection: MysqlConnection, options: OpenOptions<MysqlSource>): Promise<Indexer> {
  const place = { subject: `Source ${Object.keys(options.sources).join(', ')}`, what: 'its database' }
  const { database, ...address } = await addressOf(connection, place)
  const session = openSession(address, options.signal)
  try {
    const server = await readServer(session, place)
    const reader: Reader = { ...options, session, server, database, address, place }
    for (const [name, source] of Object.entries(options.sources)) await inspect(reader, name, source)
    return indexerOf(reader)
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

function indexerOf(reader: Reader): Indexer {
  const { session, sources, digest, signal } = reader
  return {
    changes: (after) => untilStopped(readChanges(reader, after), signal),
    async *keys(name, range, want) {
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined
      if (source === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      yield* readKeys(session, await inspect(reader, name, source), range, { want, digest })
    },
    async *read(name, keys) {
      const source = Object.hasOwn(sources, name) ? sources[name] : undefined
      if (source === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      yield* readItems(reader, { name, source }, keys)
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
