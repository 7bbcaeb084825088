import { describe, expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import type { Change, Json } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { connectionTo, openSourceDatabase, openSources, reader } from '../kit/postgres-source.ts'
import type { SourceDatabase } from '../kit/postgres-source.ts'
import postgres from '../../indexers/postgres/index.ts'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import type { Relation } from '../../indexers/postgres/relation.ts'
import { openSession } from '../../indexers/postgres/session.ts'
import { guardSlot } from '../../indexers/postgres/stream/guard.ts'
import { rereadRows } from '../../indexers/postgres/stream/reread.ts'
import { collect, readOptions } from '../kit/indexer-reading.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'
import { until } from '../kit/until.ts'

const items = 'create table item (id int primary key, label text, size numeric)'
const source = { table: 'item', mode: 'stream' } as const

/** What a ledger would hold, read by read, of one source. */
interface Follower extends AsyncDisposable {
  readonly held: Map<string, unknown>
  readonly indexer: Indexer
  cursor: Json | undefined
  /** Reads on, as the pipeline does, and answers the changes. */
  read(): Promise<readonly Change[]>
}

async function follow(database: SourceDatabase, options: { readonly cursor?: Json } = {}): Promise<Follower> {
  const indexer = await database.open({ items: source })
  const follower: Follower = {
    held: new Map(),
    indexer,
    cursor: options.cursor,
    async read() {
      const changes = await collect(indexer.changes(follower.cursor === undefined ? {} : { items: follower.cursor }))
      for (const change of changes) {
        if (change.kind === 'put')
          follower.held.set(change.key, change.content.kind === 'row' ? change.content.row : '')
        if (change.kind === 'delete') follower.held.delete(change.key)
        if (change.kind === 'checkpoint') follower.cursor = change.cursor
      }
      await indexer.committed?.({ items: follower.cursor ?? null })
      return changes
    },
    [Symbol.asyncDispose]: () => indexer[Symbol.asyncDispose](),
  }
  return follower
}

const shown = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) =>
    change.kind === 'put' ? [`put ${change.key}`] : change.kind === 'delete' ? [`delete ${change.key}`] : [],
  )
const asks = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.kind === 'checkpoint' && change.compare === true)

describe('a table that is followed', () => {
  test('tells what was inserted, updated and deleted, each key once a look, as it is now', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1.10)`)
    await using follower = await follow(database)
    expect(shown(await follower.read())).toEqual(['put 1'])
    await database.run(`insert into item values (2, 'two', 2.20), (3, 'three', null);
      update item set label = 'uno' where id = 1; update item set label = 'eins' where id = 1; delete from item where id = 3`)
    expect(shown(await follower.read())).toEqual(['put 2', 'delete 3', 'put 1'])
    expect(Object.fromEntries(follower.held)).toEqual({
      1: { id: 1, label: 'eins', size: '1.10' },
      2: { id: 2, label: 'two', size: '2.20' },
    })
    expect(shown(await follower.read())).toEqual([])
  })

  test('a key that changes is a delete and a put', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1)`)
    await using follower = await follow(database)
    await follower.read()
    await database.run('update item set id = 7 where id = 1')
    expect(shown(await follower.read()).toSorted()).toEqual(['delete 1', 'put 7'])
  })

  test('what is rolled back is not told', async () => {
    await using database = await openSourceDatabase(items)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`begin; insert into item values (1, 'one', 1); rollback`)
    expect(shown(await follower.read())).toEqual([])
  })

  test('a transaction that is open during the first read is not missed', async () => {
    await using database = await openSourceDatabase(items)
    await using follower = await follow(database)
    const writer = await database.connect()
    await writer.query('begin')
    await writer.query(`insert into item values (1, 'late', 1)`)
    const reading = follower.read()
    setTimeout(() => void writer.query('commit'), 500)
    expect(shown(await reading)).toEqual(['put 1'])
    await writer.query('begin')
    await writer.query(`insert into item values (2, 'later', 1)`)
    expect(shown(await follower.read())).toEqual([])
    await writer.query('commit')
    expect(shown(await follower.read())).toEqual(['put 2'])
  })

  test('a long value that an update leaves alone is there whole', async () => {
    const long = 'x'.repeat(100_000)
    await using database = await openSourceDatabase(`${items}; alter table item alter label set storage external`)
    await database.run(`insert into item values (1, $1, 1)`, [long])
    await using follower = await follow(database)
    await follower.read()
    await database.run('update item set size = 2')
    await follower.read()
    expect(follower.held.get('1')).toEqual({ id: 1, label: long, size: '2' })
  })

  test('a table that was emptied is read again, and asks for a comparison of keys', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1), (2, 'two', 2)`)
    await using follower = await follow(database)
    expect(asks(await follower.read())).toBe(true)
    expect(asks(await follower.read())).toBe(false)
    await database.run(`truncate item; insert into item values (2, 'zwei', 2)`)
    const changes = await follower.read()
    expect([shown(changes), asks(changes)]).toEqual([['put 2'], true])
  })

  test('columns that come, go or change their type are read of every row', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1), (2, 'two', 2)`)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`alter table item add column colour text default 'red'`)
    expect(shown(await follower.read())).toEqual(['put 1', 'put 2'])
    await database.run(`alter table item drop column size; update item set label = 'zwei' where id = 2`)
    expect(shown(await follower.read())).toEqual(['put 1', 'put 2'])
    await database.run(`alter table item alter column colour drop default, alter column colour type int using 5`)
    await follower.read()
    expect(follower.held.get('2')).toEqual({ id: 2, label: 'zwei', colour: 5 })
  })

  test('columns that change in mid-stream are read of every row', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1)`)
    const stop = new AbortController()
    await using indexer = await database.open(
      { items: source },
      { until: 'abort', signal: stop.signal, everyMs: 600_000 },
    )
    const labels: unknown[] = []
    for await (const change of indexer.changes({})) {
      if (change.kind === 'put' && change.content.kind === 'row') labels.push(change.content.row)
      if (change.kind === 'checkpoint' && change.partial !== true && labels.length === 1) {
        await database.run(
          `alter table item add column colour text default 'red'; insert into item values (2, 'two', 2)`,
        )
      }
      if (labels.length === 3) stop.abort()
    }
    expect(labels).toEqual([
      { id: 1, label: 'one', size: '1' },
      { id: 1, label: 'one', size: '1', colour: 'red' },
      { id: 2, label: 'two', size: '2', colour: 'red' },
    ])
  })

  test('rows of a partition that is attached are read', async () => {
    await using database =
      await openSourceDatabase(`create table item (id int primary key, label text) partition by range (id);
      create table item_a partition of item for values from (0) to (10); insert into item values (1, 'one');
      create table item_b (id int primary key, label text); insert into item_b values (11, 'eleven')`)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`alter table item attach partition item_b for values from (10) to (20)`)
    expect(shown(await follower.read())).toContain('put 11')
    await database.run(`update item set label = 'elf' where id = 11; update item set id = 2 where id = 11`)
    expect(shown(await follower.read()).toSorted()).toEqual(['delete 11', 'put 2'])
  })

  test.for([
    ['detached', 'alter table item detach partition item_b'],
    ['dropped', 'drop table item_b'],
  ] as const)('a partition that is %s has keys compared, which no log tells of', async ([, sql]) => {
    await using database =
      await openSourceDatabase(`create table item (id int primary key, label text) partition by range (id);
      create table item_a partition of item for values from (0) to (10);
      create table item_b partition of item for values from (10) to (20);
      insert into item values (1, 'one'), (11, 'eleven')`)
    await using follower = await follow(database)
    await follower.read()
    expect(asks(await follower.read())).toBe(false)
    await database.run(sql)
    const changes = await follower.read()
    expect([shown(changes), asks(changes)]).toEqual([['put 1'], true])
  })

  test('a transaction of many rows is handed over in parts, and its checkpoint comes last', async () => {
    await using database = await openSourceDatabase(items)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`insert into item select i, 'row ' || i, i from generate_series(1, 20000) i`)
    const changes = await follower.read()
    expect(new Set(shown(changes)).size).toBe(20_000)
    expect(changes.findIndex(({ kind }) => kind === 'checkpoint')).toBe(20_000)
  })

  test('two sources of one table, each with a key of its own, are both told', async () => {
    await using database = await openSourceDatabase(
      `create table item (id int primary key, code text not null unique, label text); alter table item replica identity full`,
    )
    const sources = { byId: { table: 'item', mode: 'stream' }, byCode: { table: 'item', key: 'code', mode: 'stream' } }
    await using indexer = await database.open(sources)
    const first = await collect(indexer.changes({}))
    await database.run(`insert into item values (1, 'a', 'one'); update item set code = 'b'`)
    const cursors = Object.fromEntries(
      first.flatMap((one) => (one.kind === 'checkpoint' ? [[one.source, one.cursor]] : [])),
    )
    const changes = await collect(indexer.changes(cursors))
    expect(
      changes.flatMap((one) => (one.kind === 'checkpoint' ? [] : [`${one.source} ${one.kind} ${one.key}`])).toSorted(),
    ).toEqual(['byCode delete a', 'byCode put b', 'byId put 1'])
  })

  test('keys are the text that a query prints, whatever their type', async () => {
    await using database = await openSourceDatabase(`create extension citext; create table item (
      a timestamptz, b numeric(10, 2), c char(5), d citext, e bytea, primary key (a, b, c, d, e))`)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`insert into item values ('2024-01-02 03:04:05.6+02', 1.1, 'ab', 'Key', '\\x00ff')`)
    const [change] = await follower.read()
    const text = '["2024-01-02 01:04:05.6+00","1.10","ab","Key","\\\\x00ff"]'
    expect(change).toMatchObject({ kind: 'put', key: text })
    await database.run(`update item set d = 'KEY'`)
    expect(shown(await follower.read()).toSorted()).toEqual([`delete ${text}`, `put ${text.replace('Key', 'KEY')}`])
    await database.run('delete from item')
    expect(shown(await follower.read())).toEqual([`delete ${text.replace('Key', 'KEY')}`])
  })
})

test('a row is not read before the transaction that named it is seen: a commit is in the log first', async () => {
  await using database = await openSourceDatabase(items)
  const writer = await database.connect()
  await writer.query('begin')
  await writer.query(`insert into item values (1, 'one', 1)`)
  const { rows } = await writer.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
  const transactions = [Number(BigInt.asIntN(32, BigInt(rows[0]?.xid ?? '0')))]
  const place = { subject: 'Source items', what: 'item' }
  await using session = openSession({ url: database.url, statementTimeoutMs: 60_000 }, new AbortController().signal)
  const relation: Relation = {
    place,
    from: 'public.item as q',
    table: { schema: 'public', name: 'item' },
    columns: [
      { name: 'id', typeId: '23' },
      { name: 'label', typeId: '25' },
      { name: 'size', typeId: '1700' },
    ],
    key: ['id'],
    order: ['id'],
    cursor: undefined,
    parts: [],
    hasXmin: true,
  }
  const read = () =>
    session.transaction(place, (run) =>
      rereadRows(run, relation, { types: ['integer'], keys: [['1'], ['2']], transactions }),
    )
  expect(await read()).toBe('unseen')
  await writer.query('commit')
  expect(await read()).toEqual([
    { key: '1', row: ['1', expect.any(String), '1', 'one', '1'] },
    { key: '2', row: undefined },
  ])
})

describe('the log', () => {
  test('is followed in several databases of a server at once', async () => {
    await using one = await openSourceDatabase(items)
    await using other = await openSourceDatabase(items)
    await using first = await follow(one)
    await using second = await follow(other)
    await first.read()
    await second.read()
    await one.run(`insert into item values (1, 'one', 1)`)
    await other.run(`insert into item values (2, 'two', 2)`)
    expect([shown(await first.read()), shown(await second.read())]).toEqual([['put 1'], ['put 2']])
  })

  test('and the publication are left alone by opening, which only checks', async () => {
    await using database = await openSourceDatabase(items)
    {
      await using _ = await database.open({ items: source })
    }
    const made = await database.run(
      `select pubname from pg_publication union all select slot_name from pg_replication_slots
        where database = current_database()`,
    )
    expect(made).toEqual([])
  })

  test('is given up only up to what was committed', async () => {
    await using database = await openSourceDatabase(items)
    const confirmed = async (): Promise<unknown> =>
      (
        await database.run(
          `select confirmed_flush_lsn::text as lsn from pg_replication_slots where database = current_database()`,
        )
      )[0]?.['lsn']
    await using indexer = await database.open({ items: source })
    const cursor = cursorOf((await collect(indexer.changes({}))).at(-1))
    const before = await confirmed()
    await database.run(`insert into item values (1, 'one', 1)`)
    const next = cursorOf((await collect(indexer.changes({ items: cursor }))).at(-1))
    expect(await confirmed()).toBe(before)
    await indexer.committed?.({ items: next })
    await until(async () => (await confirmed()) !== before)
    // Nothing was committed: the change comes again.
    expect(shown(await collect(indexer.changes({ items: cursor })))).toEqual(['put 1'])
  })

  test('that is lost costs a read of everything, with a comparison of keys', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1)`)
    let cursor: Json | undefined
    {
      await using follower = await follow(database)
      await follower.read()
      cursor = follower.cursor
    }
    await until(
      async () =>
        (
          await database.run(
            'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database() and not active',
          )
        ).length > 0,
    )
    await database.run(`insert into item values (2, 'two', 2); delete from item where id = 1`)
    await using follower = await follow(database, cursor === undefined ? {} : { cursor })
    const changes = await follower.read()
    expect([shown(changes), asks(changes)]).toEqual([['put 2'], true])
  })

  test('that grew beyond the budget is given up, and everything is read again', async () => {
    await using database = await openSourceDatabase(`${items}; insert into item values (1, 'one', 1)`)
    const open = (walBudget: number): Promise<Indexer> =>
      postgres.open(
        { ...connectionTo(database.url), walBudget },
        { ...readOptions(), sources: { items: PostgresSource.parse(source) } },
      )
    let cursor: Json
    {
      await using indexer = await open(10e9)
      cursor = cursorOf((await collect(indexer.changes({}))).at(-1))
    }
    await database.run(`insert into item select i, repeat('x', 1000), i from generate_series(2, 3000) i`)
    const [written] = await database.run('select pg_current_wal_lsn()::text as lsn')
    await using indexer = await open(1e6)
    const changes = await collect(indexer.changes({ items: cursor }))
    expect([new Set(shown(changes)).size, asks(changes)]).toEqual([3000, true])
    const [slot] = await database.run(
      'select restart_lsn >= $1 as "isNew" from pg_replication_slots where database = current_database()',
      [written?.['lsn']],
    )
    expect(slot?.['isNew']).toBe(true)
  })

  test('is watched while nobody reads: it warns at half of the budget, and gives the slot up beyond it', async () => {
    await using database = await openSourceDatabase(items)
    await using follower = await follow(database)
    await follower.read()
    await database.run(`insert into item select i, repeat(md5(i::text), 32), 0 from generate_series(1, 8000) i`)
    const [found] = await database.run(
      `select slot_name as slot, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int as kept
        from pg_replication_slots where database = current_database()`,
    )
    const kept = Number(found?.['kept'])
    await using session = openSession({ url: database.url, statementTimeoutMs: 60_000 }, new AbortController().signal)
    const heardUnder = async (walBudget: number): Promise<readonly string[]> => {
      const heard: string[] = []
      const told = Promise.withResolvers<void>()
      const note = (_: object, text: string): void => {
        heard.push(text)
        told.resolve()
      }
      const giveUp = async (): Promise<void> => void heard.push('given up')
      using _ = guardSlot({
        session,
        place: { subject: 'Source items', what: 'item' },
        slot: String(found?.['slot']),
        walBudget,
        log: { ...silentLog, warn: note, error: note },
        giveUp,
        everyMs: 20,
      })
      await told.promise
      await until(async () => walBudget > kept || heard.includes('given up'))
      return heard.slice(0, 2)
    }
    expect(await heardUnder(Math.round(kept * 1.9))).toEqual([
      'Source items: the log kept for its slot is more than half of walBudget',
    ])
    expect(await heardUnder(kept - 1)).toEqual([
      'Source items: the log kept for its slot exceeds walBudget; the slot is dropped and all is read again',
      'given up',
    ])
  })

  test('is read by whoever asks last: the claim on the sources decides who that is', async () => {
    await using database = await openSourceDatabase(items)
    await using first = await follow(database)
    await first.read()
    await using second = await follow(database, first.cursor === undefined ? {} : { cursor: first.cursor })
    await second.read()
    await database.run(`insert into item values (1, 'one', 1)`)
    expect(shown(await second.read())).toEqual(['put 1'])
  })

  test('a connection that is lost is an error that passes, and nothing is missed', async () => {
    await using database = await openSourceDatabase(items)
    await using proxy = await openTcpProxy(database.url)
    const open = (): Promise<Indexer> => openSources(proxy.url, { items: source })
    let cursor: Json
    {
      await using indexer = await open()
      cursor = cursorOf((await collect(indexer.changes({}))).at(-1))
      proxy.cut()
      await database.run(`insert into item values (1, 'one', 1)`)
      await expect(collect(indexer.changes({ items: cursor }))).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    }
    proxy.restore()
    await using indexer = await open()
    expect(shown(await collect(indexer.changes({ items: cursor })))).toEqual(['put 1'])
  })
})

const refused = async (setup: string, more: object = {}, url = (own: string) => own): Promise<AquiferError> => {
  await using database = await openSourceDatabase(setup)
  const input = { ...source, ...more }
  const thrown: unknown = await openSources(url(database.url), { items: input }).catch((error: unknown) => error)
  if (thrown instanceof AquiferError) return thrown
  throw new Error('nothing was refused', { cause: thrown })
}

describe('what cannot be followed is refused with what to do', () => {
  test('a key that the replica identity does not tell', async () => {
    const error = await refused('create table item (id int primary key, code text not null unique)', { key: 'code' })
    expect(error).toMatchObject({
      code: 'SOURCE_INVALID',
      message: 'Source items: the replica identity of item does not tell its key code',
    })
    expect(error.fix).toContain('REPLICA IDENTITY')
  })

  test('a view', async () => {
    expect(
      await refused('create table t (id int primary key); create view item as select * from t', { key: 'id' }),
    ).toMatchObject({
      code: 'SOURCE_INVALID',
      fix: 'Use mode poll.',
    })
  })

  test('a user who may not publish the table, until its owner has done that', async () => {
    await using database = await openSourceDatabase(`${items}; grant select on item to ${reader}`)
    await database.run(`alter role ${reader} replication`)
    const open = (): Promise<Indexer> => openSources(database.url, { items: source })
    await expect(open()).rejects.toMatchObject({
      code: 'SOURCE_AUTH',
      message: 'Source items: this user may not publish item',
      fix: expect.stringContaining('CREATE PUBLICATION "aquifer" FOR TABLE "public"."item" WITH'),
    })
    await database.run('create publication aquifer for table item with (publish_via_partition_root = true)')
    await using indexer = await open()
    expect(shown(await collect(indexer.changes({})))).toEqual([])
    await database.run(`alter role ${reader} noreplication`)
  })

  test('a user who may not follow the log', async () => {
    const error = await refused(
      `${items}; do $$ begin create role ${reader} login; exception when others then null; end $$;
      grant select on item to ${reader}`,
      {},
      (own) => {
        const url = new URL(own)
        url.username = reader
        return url.href
      },
    )
    expect(error).toMatchObject({ code: 'SOURCE_AUTH', message: 'Source items: this user may not follow the log' })
    expect(error.fix).toContain('REPLICATION')
  })
})

function cursorOf(change: Change | undefined): Json {
  if (change?.kind !== 'checkpoint') throw new Error('no checkpoint')
  return change.cursor
}
