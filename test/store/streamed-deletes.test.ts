import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import type { Indexer, IndexerType } from '../../src/core/indexer.ts'
import { openPipeline } from '../kit/open-pipeline.ts'
import { scriptedSource, type ScriptedSource } from '../kit/scripted-source.ts'

/** A source that tells its deletes, but for those while its history was lost. */
function streamed(source: ScriptedSource): ScriptedSource & { lost: boolean; reachable: boolean } {
  const stream = { ...source, lost: false, reachable: true, compared: 0 }
  const type: IndexerType = {
    ...source.type,
    deletes: 'streamed',
    open: async (connection, options) => {
      const indexer = await source.type.open(connection, options)
      const around: Indexer = {
        async *changes(after) {
          if (stream.lost && Object.keys(after).length > 0) {
            stream.lost = false
            throw new AquiferError('CURSOR_EXPIRED', 'The log is not there any more.')
          }
          yield* indexer.changes(after)
        },
        async *keys(...args) {
          if (!stream.reachable) throw new AquiferError('SOURCE_UNREACHABLE', 'The source went away.')
          yield* indexer.keys(...args)
        },
        [Symbol.asyncDispose]: () => indexer[Symbol.asyncDispose](),
      }
      return around
    },
  }
  return Object.assign(stream, { type })
}

test('what was deleted while a log was lost is found, also where the process dies before keys are compared', async () => {
  await using pipeline = await openPipeline()
  const source = streamed(scriptedSource({ a: 'one', b: 'two' }))
  await pipeline.sync({ source })
  source.items.delete('b')
  // A stream does not tell it, and nothing says that anything is missing.
  await pipeline.sync({ source })
  expect((await pipeline.status()).sources).toMatchObject([{ records: 2 }])
  source.lost = true
  source.reachable = false
  expect((await pipeline.sync({ source })).sources).toMatchObject([{ error: { code: 'SOURCE_UNREACHABLE' } }])
  expect((await pipeline.status()).sources).toMatchObject([{ records: 2 }])
  source.reachable = true
  await pipeline.sync({ source })
  expect((await pipeline.status()).sources).toMatchObject([{ records: 1 }])
})
