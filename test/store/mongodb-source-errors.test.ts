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
