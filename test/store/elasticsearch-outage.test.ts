import { expect, test } from 'vitest'

import type { Clock } from '../../src/core/clock.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { openTestIndices } from '../kit/elasticsearch.ts'
import { feedRecord } from '../kit/feed-record.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'

const everything = { readable: undefined, sources: undefined, facets: [] }
const records = Array.from({ length: 3000 }, (_, index) =>
  feedRecord({ recordId: index + 1, feed: index + 1, texts: [`passage ${index} ${'and more '.repeat(200)}`] }),
)

/** A clock on which waiting takes no time; `onSleep` is what happens meanwhile. */
const impatient = (onSleep: () => void = () => {}): Clock => ({
  now: () => systemClock.now(),
  passed: () => systemClock.passed(),
  sleep: async () => {
    onSleep()
  },
})

test('while Elasticsearch is away, every operation says so, and afterwards all goes on', async () => {
  await using indices = await openTestIndices()
  await using proxy = await openTcpProxy(indices.url)
  await using lexical = openElasticsearch({ ...indices, url: proxy.url, log: silentLog, clock: impatient() })
  const record = feedRecord({ texts: ['word'] })
  await lexical.prepare(1)
  await lexical.write(1, [record])
  await lexical.activate(1)
  proxy.cut()
  const away = { code: 'LEXICAL_UNREACHABLE', kind: 'unavailable' }
  await expect(lexical.check()).rejects.toMatchObject(away)
  await expect(lexical.search({ text: 'word', filter: everything, limit: 1 })).rejects.toMatchObject(away)
  await expect(lexical.score('word', [1], ['english'])).rejects.toMatchObject(away)
  await expect(lexical.write(1, [record])).rejects.toMatchObject(away)
  await expect(lexical.refresh(1)).rejects.toMatchObject(away)
  await expect(lexical.purge(1, 1, 1)).rejects.toMatchObject(away)
  await expect(lexical.count(1)).rejects.toMatchObject(away)
  await expect(lexical.prepare(1)).rejects.toMatchObject(away)
  proxy.restore()
  await lexical.refresh(1)
  expect(await lexical.search({ text: 'word', filter: everything, limit: 1 })).toHaveLength(1)
})

test('a connection that breaks in the middle of a batch is ridden out', async () => {
  await using indices = await openTestIndices()
  await using proxy = await openTcpProxy(indices.url)
  const clock = impatient(() => proxy.restore())
  await using lexical = openElasticsearch({ ...indices, url: proxy.url, log: silentLog, clock })
  await lexical.prepare(1)
  proxy.cutAfter(3_000_000)
  expect(await lexical.write(1, records)).toEqual({ rejected: [] })
  await lexical.refresh(1)
  expect(await lexical.count(1)).toBe(3000)
})

test('a page that an outage cut short can be written again as a whole', async () => {
  await using indices = await openTestIndices()
  await using proxy = await openTcpProxy(indices.url)
  await using lexical = openElasticsearch({ ...indices, url: proxy.url, log: silentLog, clock: impatient() })
  await lexical.prepare(1)
  proxy.cutAfter(5_300_000)
  await expect(lexical.write(1, records)).rejects.toMatchObject({ code: 'LEXICAL_UNREACHABLE' })
  proxy.restore()
  await lexical.refresh(1)
  expect(await lexical.count(1)).toBeLessThan(3000)
  await lexical.write(1, records)
  await lexical.refresh(1)
  expect(await lexical.count(1)).toBe(3000)
})

test('nothing that an error says names the server, the user or what was written', async () => {
  await using lexical = openElasticsearch({
    url: 'http://elastic:s3cret@127.0.0.1:1',
    prefix: 'aquifer-test-none',
    log: silentLog,
    clock: impatient(),
  })
  const thrown: unknown = await lexical.write(1, [feedRecord({ texts: ['hush'] })]).catch((error: unknown) => error)
  expect(thrown).toMatchObject({
    code: 'LEXICAL_UNREACHABLE',
    message: 'Elasticsearch cannot be reached or is overloaded (ECONNREFUSED).',
    cause: { message: 'Elasticsearch client: ConnectionError (ECONNREFUSED)' },
  })
})
