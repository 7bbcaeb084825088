import type { Change, Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { isStop } from '../../src/core/source-error.ts'
import type { Cursors, Indexer, IndexerType, OpenOptions } from '../../src/core/indexer.ts'
import { FilesSource } from './config.ts'
import { parseCursor } from './cursor.ts'
import type { Mounts } from './mounts.ts'
import type { OpenSource } from './read-document.ts'
import { readItems } from './read-items.ts'
import { readKeys } from './read-keys.ts'
import { readRound } from './read-round.ts'
import { openRoot } from './root.ts'
import { makeRules } from './rules.ts'

/** Text files below a folder. Polled: nothing is kept open between rounds. */
const files = {
  type: 'files',
  source: FilesSource,
  deletes: 'by comparison',
  whereIs: ({ path }, { key }) => `the file ${key} in ${path}`,
  open: async (_connection, options) => openFiles(options),
} satisfies IndexerType<unknown, FilesSource>

export default files

async function openFiles(options: OpenOptions<FilesSource>): Promise<Indexer> {
  const sources = new Map<string, OpenSource>()
  const mounts = new Map<string, Mounts>()
  for (const [name, settings] of Object.entries(options.sources)) {
    await openRoot(name, settings.path, 'SOURCE_INVALID')
    sources.set(name, { name, settings, rules: makeRules(settings), options })
  }
  return {
    async *changes(after) {
      try {
        for await (const change of readRounds([...sources.values()], after, options)) {
          if (change.kind === 'checkpoint') mounts.set(change.source, parseCursor(change.cursor, Infinity).mounts)
          yield change
        }
      } catch (error) {
        if (!isStop(error, options.signal)) throw error
      }
    },
    async *keys(name, range, want) {
      const source = sources.get(name)
      if (source === undefined) throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${name} here.`)
      yield* readKeys(source, { range, want, knownMounts: mounts.get(name) ?? {} })
    },
    async *read(name, keys) {
      const source = sources.get(name)
      if (source === undefined) throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${name} here.`)
      yield* readItems(source, keys)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

async function* readRounds(
  sources: readonly OpenSource[],
  after: Cursors,
  { until, signal, clock, everyMs }: OpenOptions<FilesSource>,
): AsyncGenerator<Change> {
  const cursors = new Map<string, Json>(Object.entries(after))
  while (!signal.aborted) {
    for (const source of sources) {
      for await (const change of readRound(source, cursors.get(source.name))) {
        yield change
        if (change.kind === 'checkpoint') cursors.set(source.name, change.cursor)
      }
    }
    if (until === 'now') return
    await clock.sleep(everyMs, signal)
  }
}
