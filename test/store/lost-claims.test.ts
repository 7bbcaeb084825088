import { expect, test } from 'vitest'
import type { IndexerType } from '../../src/core/indexer.ts'
import { allAtOnce } from '../../src/core/turns.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { scriptedSource, type ScriptedSource } from '../kit/scripted-source.ts'
import { until } from '../kit/until.ts'

/** Reads what there is, and hears of nothing more until it is stopped. */
function quiet({ type }: ScriptedSource): IndexerType {
  return {
    ...type,
    deletes: 'streamed',
    open: async (connection, options) => {
      const indexer = await type.open(connection, options)
      return {
        ...indexer,
        async *changes(after) {
          if (options.until === 'now') yield* indexer.changes(after)
          else await stopped(options.signal)
        },
      }
    },
  }
}

/** Ends when the signal aborts, as a read that is told to stop does: without an error. */
async function stopped(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function takeClaim({ ledger }: TestPipeline): Promise<void> {
  const sourceId = (await ledger.status()).sources[0]?.id ?? 0
  await ledger.requestFullRead({ sourceId })
}

test('a watch that hears of nothing notices that its claim is gone, and takes the source up again', async () => {
  await using pipeline = await openPipeline()
  const notes = scriptedSource({ a: 'one', b: 'two' })
  const stop = new AbortController()
  const troubles: string[] = []
  const watching = pipeline.sync(
    { notes: { type: quiet(notes) } },
    { watch: allAtOnce, signal: stop.signal, onTrouble: (_, { code }) => troubles.push(code) },
  )
  await until(async () => (await pipeline.ledger.status()).sources[0]?.records === 2)
  await takeClaim(pipeline)
  notes.items.set('c', 'three')
  await until(async () => (await pipeline.ledger.status()).sources[0]?.records === 3)
  stop.abort()
  await watching
  expect(troubles).toEqual(['SOURCE_FENCED'])
})

test('a read whose claim is taken from it in the middle is not told as done', async () => {
  await using pipeline = await openPipeline()
  const { type } = scriptedSource({ a: 'one', b: 'two' })
  const open: IndexerType['open'] = async (connection, options) => ({
    ...(await type.open(connection, options)),
    async *changes() {
      await takeClaim(pipeline)
      await stopped(options.signal)
      yield* []
    },
  })
  const { sources } = await pipeline.sync({ notes: { type: { ...type, open } } })
  expect(sources).toMatchObject([{ source: 'notes', written: 0, error: { code: 'SOURCE_FENCED' } }])
})
