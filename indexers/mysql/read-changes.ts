import type { Change, Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import type { Cursors } from '../../src/core/indexer.ts'
import { comparePlaces, parseCursor } from './cursor.ts'
import type { LogPlace } from './cursor.ts'
import { follow } from './follow.ts'
import type { Followed } from './follow.ts'
import { startPace } from '../../src/core/pace.ts'
import { readPages } from './read-rows.ts'
import { checkpointOf, shapeOf } from './reader.ts'
import type { Reader } from './reader.ts'
import { toChange } from './row-changes.ts'
import { readMoment, readStart } from './server.ts'
import type { Moment } from './server.ts'
import { expired } from '../../src/core/source-error.ts'
import { inspect } from './table.ts'

/** Everything of the sources that have no cursor, then what the log says of all of them. */
export async function* readChanges(reader: Reader, after: Cursors): AsyncGenerator<Change> {
  const { session, server, place, until } = reader
  // Before the tables are looked at: what changes in them after this is in the log after this.
  const begin = await readMoment(session, server, place)
  const isKnown = (name: string): boolean => Object.hasOwn(after, name)
  const start = Object.keys(reader.sources).every(isKnown) ? undefined : await readStart(session, server, place)
  const sources: Followed[] = []
  for (const name of Object.keys(reader.sources)) {
    sources.push(await beginSource(reader, name, isKnown(name) ? after[name] : undefined, { begin, start }))
  }
  for (const source of sources) yield* readFirst(reader, source)
  const moment = await readMoment(session, server, place)
  if (until === 'now' && sources.every(({ cursor }) => isQuiet(cursor.log, moment, reader))) {
    for (const source of sources) {
      yield checkpointOf({ ...source, cursor: { ...source.cursor, pass: null }, asOf: moment.asOf })
    }
    return
  }
  yield* followOn(reader, sources, moment)
}

/** MySQL counts what it is about to commit as logged, so the end of its log tells too little. */
function isQuiet(log: LogPlace, { end }: Moment, { server }: Reader): boolean {
  return server.mariadb && comparePlaces(log, end) === 0
}

async function beginSource(
  reader: Reader,
  name: string,
  saved: Json | undefined,
  { begin, start }: { readonly begin: Moment; readonly start: LogPlace | undefined },
): Promise<Followed> {
  const settings = reader.sources[name]
  if (settings === undefined) throw new AquiferError('SOURCE_UNKNOWN', `This connection has no source ${name}.`)
  const table = await inspect(reader, name, settings)
  const shape = shapeOf(reader, name, table)
  const { place } = table
  const { history } = reader.server
  const { asOf } = begin
  const cursor = parseCursor(saved, place)
  if (cursor === undefined) {
    if (start === undefined) throw new AquiferError('INTERNAL', 'A first read has no place in the log.')
    return { name, table, cursor: { version: 1, history, shape, log: start, pass: { after: [] } }, asOf }
  }
  if (cursor.history !== history) throw expired(place, 'the server is not the one that was read before')
  if (comparePlaces(begin.end, cursor.log) < 0) throw expired(place, 'the log of the server went back')
  if (cursor.shape !== shape) throw expired(place, `the columns of ${place.what}, or what is read of it, changed`)
  return { name, table, cursor, asOf }
}

async function* readFirst(reader: Reader, source: Followed): AsyncGenerator<Change> {
  const { name, table, cursor } = source
  if (cursor.pass === null) return
  const { session, digest } = reader
  const context = { source: name, position: cursor.log.gtid, table, digest }
  for await (const { rows, after } of readPages(session, table, cursor.pass.after, startPace())) {
    for (const { row, grown } of rows) yield toChange(row, context, grown)
    source.cursor = { ...source.cursor, pass: { after } }
    yield checkpointOf(source)
  }
}

const pausesMs = [100, 500, 1000, 2000, 5000]

/** Goes on from the last checkpoint where the link was lost; gives up where nothing came of it several times. */
async function* followOn(reader: Reader, sources: readonly Followed[], moment: Moment): AsyncGenerator<Change> {
  const { clock, signal } = reader
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const change of follow(reader, sources, moment)) {
        if (change.kind === 'checkpoint') failures = 0
        yield change
      }
      return
    } catch (error) {
      const pauseMs = pausesMs[failures]
      if (pauseMs === undefined || !(error instanceof AquiferError) || error.code !== 'SOURCE_UNREACHABLE') throw error
      await clock.sleep(pauseMs, signal)
    }
  }
}
