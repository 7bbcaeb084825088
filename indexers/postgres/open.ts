import type { Change, Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Cursors, Indexer, OpenOptions } from '../../src/core/indexer.ts'
import { isStop } from '../../src/core/source-error.ts'
import { untilStopped } from '../../src/core/until-stopped.ts'
import type { PostgresConnection, PostgresSource } from './config.ts'
import { addressOf } from './connect.ts'
import { readItems } from './read-items.ts'
import { readKeys } from './read-keys.ts'
import { readSource } from './read-source.ts'
import { inspect, placeOf } from './relation.ts'
import type { Reader } from './round.ts'
import { readMoment, readServer } from './server.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { openStream, type Stream } from './stream/open-stream.ts'
import { openTypes } from './types.ts'

const longestFollowMs = 60_000

/** Connects, and checks that every source can be read as it is configured. */
export async function openPostgres(
  connection: PostgresConnection,
  options: OpenOptions<PostgresSource>,
): Promise<Indexer> {
  const address = addressOf(connection)
  const session = openSession(address, options.signal)
  try {
    const readers = await openReaders(session, options)
    const [streamed, polled] = [true, false].map(
      (isStream) => new Map([...readers].filter(([, { source }]) => (source.mode === 'stream') === isStream)),
    )
    const stream =
      streamed === undefined || streamed.size === 0
        ? undefined
        : await openStream({
            readers: streamed,
            others: options.others,
            address,
            slot: slotName(connection.slot, options),
            publication: connection.slot,
            walBudget: connection.walBudget,
            clock: options.clock,
            log: options.log,
            signal: options.signal,
          })
    return indexerOf({ session, readers, polled: polled ?? new Map(), stream }, options)
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

/** A slot is known all over its server, where other databases, deployments and connections have theirs. */
function slotName(prefix: string, { connection, digest }: OpenOptions<PostgresSource>): string {
  const own = digest(`slot ${connection}`)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')
  return `${prefix}_${own.slice(0, 12)}`
}

interface Opened {
  readonly session: Session
  readonly readers: ReadonlyMap<string, Reader>
  readonly polled: ReadonlyMap<string, Reader>
  readonly stream: Stream | undefined
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
    await session.transaction(place, async (run) => inspect(run, name, source, await readMoment(run, server)))
    readers.set(name, { name, source, session, server, types, digest: options.digest })
  }
  return readers
}

function indexerOf({ session, readers, polled, stream }: Opened, options: OpenOptions<PostgresSource>): Indexer {
  const { signal, until, clock, everyMs } = options

  async function* changes(after: Cursors): AsyncGenerator<Change> {
    const cursors = new Map<string, Json>(Object.entries(after))
    for (;;) {
      for (const [name, reader] of polled) {
        const cursor = yield* untilStopped(readSource(reader, cursors.get(name)), signal)
        if (cursor === undefined || signal.aborted) return
        cursors.set(name, cursor)
      }
      if (stream !== undefined) yield* follow(stream, cursors)
      if (until === 'now' || signal.aborted) return
      if (stream === undefined) await clock.sleep(everyMs, signal)
      if (signal.aborted) return
    }
  }

  /** Until it is time to look at what is polled, and at the tables that are followed, again. */
  async function* follow(from: Stream, cursors: Map<string, Json>): AsyncGenerator<Change> {
    const end = until === 'now' ? until : clock.passed() + Math.min(everyMs, longestFollowMs)
    try {
      for await (const change of from.changes(Object.fromEntries(cursors), end)) {
        if (signal.aborted) return
        if (change.kind === 'checkpoint') cursors.set(change.source, change.cursor)
        yield change
      }
    } catch (error) {
      if (!isStop(error, signal)) throw error
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
    ...(stream === undefined ? {} : { committed: (upTo: Cursors) => stream.committed(upTo) }),
    [Symbol.asyncDispose]: async () => {
      await stream?.[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
    },
  }
}
