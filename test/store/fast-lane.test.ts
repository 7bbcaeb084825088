import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../schemas/record.ts'
import { readableBy } from '../../src/core/caller.ts'
import type { IndexerType } from '../../src/core/indexer.ts'
import type { Batch } from '../../src/core/ledger-sync.ts'
import { silentLog } from '../../src/core/log.ts'
import { openEmbedder } from '../../src/models/open-embedder.ts'
import { openOpenAiDouble } from '../kit/openai-double.ts'
import { openPipeline, type TestPipeline } from '../kit/open-pipeline.ts'
import { until } from '../kit/until.ts'

type Event =
  | { readonly put: string; readonly text: string; readonly readers?: string }
  | { readonly delete: string }
  | 'checkpoint'

/** A log whose events after the cursor are told once, and then, in a watch, those that are added. */
function eventLog(events: Event[]): { readonly type: IndexerType } {
  return {
    type: {
      type: 'log',
      source: z.unknown(),
      deletes: 'streamed',
      isOlder: (position, than) => Number(position) < Number(than),
      open: async (_connection, { sources, digest, until: end, signal, clock }) => {
        const [source = ''] = Object.keys(sources)
        return {
          async *changes(after) {
            for (let at = Number(after[source] ?? 0); !signal.aborted;) {
              const event = events[at]
              if (event === undefined) {
                if (end === 'now') return
                await clock.sleep(20, signal)
                continue
              }
              yield changeOf(event, { source, position: String(++at), digest })
            }
          },
          async *keys() {
            const there = new Set<string>()
            for (const event of events) {
              if (event === 'checkpoint') continue
              if ('delete' in event) there.delete(event.delete)
              else there.add(event.put)
            }
            for (const key of [...there].toSorted()) yield { key }
          },
          [Symbol.asyncDispose]: async () => {},
        }
      },
    },
  }
}

function changeOf(
  event: Event,
  { source, position, digest }: { source: string; position: string; digest: (canonical: string) => string },
): Change {
  if (event === 'checkpoint')
    return { kind: 'checkpoint', source, position, cursor: Number(position), asOf: new Date().toISOString() }
  if ('delete' in event) return { kind: 'delete', source, key: event.delete, position }
  const { put: key, text, readers = 'staff' } = event
  const row = { text, readers }
  return { kind: 'put', source, key, position, digest: digest(JSON.stringify(row)), content: { kind: 'row', row } }
}

interface Scene extends AsyncDisposable {
  readonly pipeline: TestPipeline
  readonly commits: readonly Batch[]
  /** From here on the endpoint answers nothing until the gate is opened. */
  close(): void
  open(): void
  readable(key: string, group: string): Promise<string | undefined>
}

async function openScene(): Promise<Scene> {
  await using opened = new AsyncDisposableStack()
  const double = opened.use(await openOpenAiDouble({ dimensions: 8 }))
  const embedder = opened.use(
    await openEmbedder(
      { provider: 'openai', model: 'm', baseUrl: double.baseUrl, dimensions: 8, maxTokens: 8191, concurrency: 4 },
      { log: silentLog },
    ),
  )
  const commits: Batch[] = []
  const pipeline = opened.use(
    await openPipeline({
      embedder,
      mapping: { acl: { groups: '{readers}' } },
      around: (ledger) => ({
        ...ledger,
        commit: async (batch) => {
          const result = await ledger.commit(batch)
          commits.push(batch)
          return result
        },
      }),
    }),
  )
  let gate = Promise.withResolvers<void>()
  const stack = opened.move()
  return {
    pipeline,
    commits,
    close: () => {
      gate = Promise.withResolvers<void>()
      double.always(async () => {
        await gate.promise
        return undefined
      })
    },
    open: () => gate.resolve(),
    readable: async (key, group) =>
      (
        await pipeline.ledger.readRecord({
          source: 'log',
          key,
          readable: readableBy({ id: group, groups: [group], admin: false }),
        })
      )?.text,
    [Symbol.asyncDispose]: async () => {
      gate.resolve()
      await stack.disposeAsync()
    },
  }
}

const before: Event[] = [
  { put: 'secret', text: 'to be deleted' },
  { put: 'shared', text: 'to be revoked' },
  { put: 'hidden', text: 'never seen' },
  'checkpoint',
]
const slowTexts: Event[] = Array.from({ length: 1500 }, (_, at) => ({
  put: `slow ${String(at)}`,
  text: `slow text ${String(at)}`,
}))

test('a delete and a revoked permission behind 1,500 texts are in effect while not one of these is embedded', async () => {
  await using scene = await openScene()
  const { pipeline, commits } = scene
  const events = [...before]
  const source = eventLog(events)
  await pipeline.sync({ log: source })
  expect(await scene.readable('shared', 'staff')).toBe('to be revoked')

  scene.close()
  events.push(
    ...slowTexts,
    { delete: 'secret' },
    { put: 'shared', text: 'to be revoked', readers: 'board' },
    'checkpoint',
  )
  const from = commits.length
  const syncing = pipeline.sync({ log: source })
  await until(async () => (await scene.readable('shared', 'staff')) === undefined)
  expect(await scene.readable('secret', 'staff')).toBeUndefined()
  expect(await scene.readable('shared', 'board')).toBe('to be revoked')
  expect(await scene.readable('slow 0', 'staff')).toBeUndefined()
  // What went ahead moves no cursor: a process that dies here reads all of it again.
  expect(commits.slice(from).map(({ checkpoint }) => checkpoint)).toEqual([undefined])
  expect(await pipeline.sources()).toMatchObject([{ ledger_position: '4' }])

  scene.open()
  expect(await syncing).toMatchObject({ sources: [{ error: undefined, written: 1501, deleted: 1 }] })
  expect(commits.at(-1)?.checkpoint).toMatchObject({ position: '1507' })
  expect(await scene.readable('slow 1499', 'staff')).toBe('slow text 1499')
  expect(await scene.readable('secret', 'staff')).toBeUndefined()
}, 60_000)

test('an older text of a key that is still being embedded never comes after the delete that overtook it', async () => {
  await using scene = await openScene()
  const { pipeline } = scene
  const events = [...before]
  const source = eventLog(events)
  await pipeline.sync({ log: source })
  scene.close()
  // More than one batch: the new text of the key is in the first, its delete in the second.
  events.push({ put: 'secret', text: 'a new text' }, ...slowTexts, { delete: 'secret' }, 'checkpoint')
  const syncing = pipeline.sync({ log: source })
  await until(async () => (await scene.readable('secret', 'staff')) === undefined)
  scene.open()
  expect(await syncing).toMatchObject({ sources: [{ error: undefined, written: 1500, deleted: 1 }] })
  expect(await scene.readable('secret', 'staff')).toBeUndefined()
  expect(await pipeline.sources()).toMatchObject([{ records: 1502 }])
}, 60_000)

test('a key that is deleted ahead and comes back is there in the end', async () => {
  await using scene = await openScene()
  const { pipeline } = scene
  const events = [...before]
  const source = eventLog(events)
  await pipeline.sync({ log: source })
  scene.close()
  events.push(
    ...slowTexts,
    { delete: 'secret' },
    ...slowTexts.slice(0, 600),
    { put: 'secret', text: 'back again' },
    'checkpoint',
  )
  const syncing = pipeline.sync({ log: source })
  await until(async () => (await scene.readable('secret', 'staff')) === undefined)
  scene.open()
  expect((await syncing).sources[0]?.error).toBeUndefined()
  expect(await scene.readable('secret', 'staff')).toBe('back again')
}, 60_000)

test('what went ahead before a crash is not undone by what is read again after it', async () => {
  await using scene = await openScene()
  const { pipeline, commits } = scene
  const events = [...before]
  const source = eventLog(events)
  await pipeline.sync({ log: source })
  scene.close()
  events.push(
    { put: 'secret', text: 'an older text' },
    { put: 'shared', text: 'another older text' },
    ...slowTexts,
    { delete: 'secret' },
    { put: 'shared', text: 'to be revoked', readers: 'board' },
    'checkpoint',
  )
  const crash = new AbortController()
  const syncing = pipeline.sync({ log: source }, { signal: crash.signal })
  await until(async () => (await scene.readable('shared', 'staff')) === undefined)
  crash.abort()
  scene.open()
  await syncing.catch(() => {})
  expect(await pipeline.sources()).toMatchObject([{ ledger_position: '4' }])

  events.push(...slowTexts.slice(0, 600), { put: 'secret', text: 'made again' }, 'checkpoint')
  const from = commits.length
  expect(await pipeline.sync({ log: source })).toMatchObject({ sources: [{ error: undefined }] })
  const texts = commits.slice(from).flatMap(({ puts }) => puts.filter(({ key }) => !key.startsWith('slow')))
  expect(texts.map(({ key, text }) => `${key}: ${text}`)).toEqual(['secret: made again'])
  expect(await scene.readable('shared', 'staff')).toBeUndefined()
  expect(await scene.readable('shared', 'board')).toBe('to be revoked')
  expect(await pipeline.ledger.keysAhead({ sourceId: 1 })).toEqual([])
}, 60_000)
