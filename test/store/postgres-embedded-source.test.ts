import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { expect, test } from 'vitest'
import { collect, cursorsOf } from '../kit/indexer-reading.ts'
import { openSources } from '../kit/postgres-source.ts'

/** An embedded Postgres on a socket, which takes one connection at a time. */
async function serve(setup: string): Promise<AsyncDisposable & { readonly db: PGlite; readonly url: string }> {
  const db = await PGlite.create()
  await db.exec(setup)
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0 })
  await server.start()
  const port = Number(server.getServerConn().split(':').at(-1))
  return {
    db,
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await db.close()
    },
  }
}

test('an embedded Postgres on a socket is read like any other, and left as it was', async () => {
  await using served = await serve(`create table product (id int primary key, name text not null, price numeric(8, 2),
      changed timestamptz not null default now());
    insert into product select n, 'product ' || n, n * 1.10 from generate_series(1, 250) n;
    create view cheap as select id, name from product where price < 5`)
  const sources = {
    product: { table: 'public.product' },
    changed: { table: 'product', cursor: 'changed' },
    cheap: { table: 'cheap', key: 'id' },
  }
  const settings = `select name, setting from pg_settings where name ~ 'TimeZone|DateStyle|IntervalStyle|read_only|timeout' order by name`
  const before = await served.db.query(settings)
  await using indexer = await openSources(served.url, sources)
  const first = await collect(indexer.changes({}))
  const puts = first.filter(({ kind }) => kind === 'put')
  expect(puts).toHaveLength(250 + 250 + 4)
  expect(puts[1]).toMatchObject({
    source: 'product',
    key: '2',
    content: { row: { id: 2, name: 'product 2', price: '2.20' } },
  })

  await served.db.exec(
    `update product set name = 'renamed', changed = now() where id = 7; delete from product where id = 8`,
  )
  const second = await collect(indexer.changes(cursorsOf(first)))
  const news = second.flatMap((change) =>
    change.kind === 'put' && change.content.kind === 'row' && change.content.row['name'] === 'renamed'
      ? [change.source]
      : [],
  )
  expect(news).toEqual(['product', 'changed'])
  expect(await collect(indexer.keys('product', { from: '8', to: '9' }, 'keys'))).toEqual(
    Array.from({ length: 10 }, (_, at) => ({ key: `8${at}` })),
  )
  expect(await served.db.query(settings)).toEqual(before)
})

test('a session that others use as well is left without a trace of cursors', async () => {
  await using served = await serve('create table t (id int primary key); insert into t select generate_series(1, 500)')
  for (let round = 0; round < 3; round += 1) {
    await using indexer = await openSources(served.url, { t: { query: 'select * from t', key: 'id' } })
    for await (const change of indexer.changes({})) if (change.kind === 'put') break
    expect((await collect(indexer.keys('t', {}, 'keys'))).length).toBe(500)
  }
  expect((await served.db.query("select name from pg_cursors where name <> ''")).rows).toEqual([])
})
