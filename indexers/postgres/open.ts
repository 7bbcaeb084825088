import type { Change, Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Cursors, Indexer, OpenOptions } from '../../src/core/indexer.ts'
import type { PostgresConnection, PostgresSource } from './config.ts'
import { addressOf } from './connect.ts'
import { readKeys } from './read-keys.ts'
import { readSource } from './read-source.ts'
import { inspect, placeOf } from './relation.ts'
import type { Reader } from './round.ts'
import { readMoment, readServer } from './server.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { invalidSource } from './source-error.ts'
import { openTypes } from './types.ts'

/** Connects, and checks that every source can be read as it is configured. */
export async function openPostgres(
  connection: PostgresConnection,
  options: OpenOptions<PostgresSource>,
): Promise<Indexer> {
  const session = openSession(addressOf(connection), options.signal)
  try {
    return indexerOf(session, await openReaders(session, options), options)
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

async function openReaders(
  session: Session,
  options: OpenOptions<PostgresSource>,
): Promise<ReadonlyMap<string, Reader>> {
  const names = Object.keys(options.sources)
  const server = await readServer(session, { subject: `Source ${names.join(', ')}`, what: 'its database' })
  const types = openTypes()
  const readers = new Map<string, Reader>()
  for (const [name, source] of Object.entries(options.sources)) {
    const place = placeOf(name, source)
    if (source.mode === 'stream') {
      throw invalidSource(place, 'mode stream is not there yet for Postgres', {
        fix: 'Use mode poll: it reads every change, and finds deletes by comparing keys.',
      })
    }
    await session.transaction(place, async (run) => inspect(run, name, source, await readMoment(run, server)))
    readers.set(name, { name, source, session, server, types, digest: options.digest })
  }
  return readers
}

function indexerOf(
  session: Session,
  readers: ReadonlyMap<string, Reader>,
  options: OpenOptions<PostgresSource>,
): Indexer {
  const { signal, until, clock, everyMs } = options

  async function* changes(after: Cursors): AsyncGenerator<Change> {
    const cursors = new Map<string, Json>(Object.entries(after))
    for (;;) {
      for (const [name, reader] of readers) {
        cursors.set(name, yield* untilAborted(readSource(reader, cursors.get(name)), signal))
        if (signal.aborted) return
      }
      if (until === 'now') return
      await clock.sleep(everyMs, signal)
      if (signal.aborted) return
    }
  }

  return {
    changes,
    keys(name, range, want) {
      const reader = readers.get(name)
      if (reader === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
      return readKeys(reader, range, want)
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** Ends without an error, and so without the checkpoint that was due, where the error is only that reading was stopped. */
async function* untilAborted(changes: AsyncGenerator<Change, Json>, signal: AbortSignal): AsyncGenerator<Change, Json> {
  try {
    for (;;) {
      const next = await changes.next()
      if (next.done === true) return next.value
      if (signal.aborted) return null
      yield next.value
    }
  } catch (error) {
    if (signal.aborted && error instanceof AquiferError && error.code === 'CANCELLED') return null
    throw error
  } finally {
    await changes.return(null)
  }
}
