import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import mongodb from '../../indexers/mongodb/index.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { closedPort } from '../kit/closed-port.ts'
import { readOptions } from '../kit/indexer-reading.ts'
import type { ReadOptions } from '../kit/indexer-reading.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'

async function openingFails(
  url: string,
  source: { collection: string; database?: string },
  options: Partial<ReadOptions> = {},
): Promise<string> {
  try {
    await using indexer = await mongodb.open(
      { url, operationTimeout: 5000 },
      { ...readOptions(options), sources: { articles: source } },
    )
    return indexer === undefined ? '' : 'opened'
  } catch (error) {
    return error instanceof AquiferError ? `${error.code} ${error.message} ${error.fix}` : String(error)
  }
}

test('a collection that is not there is named, with the nearest one', async () => {
  await using database = await openMongodbDatabase('articles')
  expect(await openingFails(database.url, { collection: 'article' })).toBe(
    `SOURCE_INVALID Source articles: there is no collection ${database.name}.article; did you mean articles? Correct collection or database of the source.`,
  )
})

test('the database is that of the source, or that of the URL, or has to be said', async () => {
  await using database = await openMongodbDatabase('articles')
  const url = new URL(database.url)
  url.pathname = '/'
  expect(await openingFails(database.url, { collection: 'articles' })).toBe('opened')
  expect(await openingFails(url.href, { collection: 'articles', database: database.name })).toBe('opened')
  expect(await openingFails(url.href, { collection: 'articles' })).toMatch(
    /^SOURCE_INVALID Source articles: neither the URL of the connection nor it names a database /,
  )
})

test('a URL that is none is told without it', async () => {
  const told = await openingFails('mongodb://me:secret@:x/', { collection: 'a' })
  expect(told).toMatch(/^SOURCE_INVALID Source articles: the URL of the connection is not a MongoDB URL/)
  expect(told).not.toContain('secret')
})

test('a server that is not there is unreachable within the time that the driver is given', async () => {
  const port = await closedPort()
  const startedAt = Date.now()
  const url = `mongodb://127.0.0.1:${String(port)}/shop?serverSelectionTimeoutMS=500`
  expect(await openingFails(url, { collection: 'a' })).toMatch(
    /^SOURCE_UNREACHABLE Source articles: nothing listens at the address of the connection/,
  )
  expect(Date.now() - startedAt).toBeLessThan(3000)
})

test('opening that is stopped ends at once', async () => {
  const port = await closedPort()
  const startedAt = Date.now()
  const url = `mongodb://127.0.0.1:${String(port)}/shop`
  expect(await openingFails(url, { collection: 'a' }, { signal: AbortSignal.timeout(200) })).toMatch(/^CANCELLED /)
  expect(Date.now() - startedAt).toBeLessThan(2000)
})

/** Passes everything on until it is frozen: then it swallows all, as a network does that lost a route. */
async function openFreezingProxy(target: URL): Promise<{ readonly host: string; freeze(): void } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => from.destroy())
      from.on('close', () => to.destroy())
      from.on('data', (data) => void (isFrozen || to.write(data)))
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: typeof address === 'object' && address !== null ? `127.0.0.1:${String(address.port)}` : '',
    freeze: () => void (isFrozen = true),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('a network that hangs in mid-stream ends the read, though no connection breaks', async () => {
  await using database = await openMongodbDatabase('articles')
  const url = new URL(database.url)
  await using proxy = await openFreezingProxy(new URL(url))
  url.host = proxy.host
  for (const name of ['heartbeatFrequencyMS', 'connectTimeoutMS', 'serverSelectionTimeoutMS'])
    url.searchParams.set(name, '500')
  await using indexer = await database.open({ articles: { collection: 'articles' } }, { until: 'abort' }, url.href)
  let frozenAt = Number.NaN
  const reading = async (): Promise<void> => {
    for await (const change of indexer.changes({})) {
      if (change.kind !== 'checkpoint') continue
      proxy.freeze()
      frozenAt = Date.now()
    }
  }
  await expect(reading()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  expect(Date.now() - frozenAt).toBeLessThan(8000)
}, 20_000)
