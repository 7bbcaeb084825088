import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { addressOf } from '../../indexers/mysql/connect.ts'
import { readServer, readStart, untilVisible } from '../../indexers/mysql/server.ts'
import { openSession } from '../../indexers/mysql/session.ts'
import type { Change } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { applyChanges, checkedChanges, collect, cursorsOf, readChanges, readOptions } from '../kit/indexer-reading.ts'
import { withMariadb } from '../kit/mariadb-databases.ts'
import { openMysqlDatabase, openMysqlSources } from '../kit/mysql-source.ts'
import type { MysqlDatabase } from '../kit/mysql-source.ts'
import { openTcpProxy } from '../kit/tcp-proxy.ts'

const film = 'create table film (id int primary key, title varchar(100)) engine=innodb;'
const source = { table: 'film' }

const told = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((change) => (change.kind === 'checkpoint' ? [] : [`${change.kind} ${change.key}`]))

async function heldAfter(indexer: Indexer, held: Map<string, string>): Promise<readonly string[]> {
  const there = new Map((await collect(indexer.keys('source', {}, 'digests'))).map(({ key, digest }) => [key, digest]))
  return [...new Set([...held.keys(), ...there.keys()])].filter((key) => held.get(key) !== there.get(key))
}

/** Reads until aborted, and calls `onChange` with everything that came so far after each change. */
async function watch(
  database: MysqlDatabase,
  onChange: (changes: readonly Change[], stop: () => void) => void | Promise<void>,
  url = database.url,
): Promise<readonly Change[]> {
  const stop = new AbortController()
  const changes: Change[] = []
  await using indexer = await openMysqlSources(url, { source }, { until: 'abort', signal: stop.signal })
  for await (const change of checkedChanges(indexer, {})) {
    changes.push(change)
    await onChange(changes, () => stop.abort())
  }
  return changes
}

test('inserts, updates and deletes arrive in one read, each key once as it is now', async () => {
  await using database = await openMysqlDatabase(`${film} insert into film values (1, 'a'), (2, 'b'), (3, 'c')`)
  const first = await database.read(source)
  await database.run(`insert into film values (4, 'd'); update film set title = 'x' where id = 1;
    delete from film where id = 2; update film set title = 'y' where id = 1; insert into film values (5, 'e'); delete from film where id = 5`)
  const second = await database.read(source, first.cursor)
  expect(told(second.changes).toSorted()).toEqual(['delete 2', 'delete 5', 'put 1', 'put 4'])
  expect(second.rows['1']).toEqual({ id: 1, title: 'y' })
})

test('what was rolled back is no change, and what other tables log only moves the cursor', async () => {
  await using database = await openMysqlDatabase(`${film} create table other (id int primary key)`)
  const first = await database.read(source)
  await database.run("start transaction; insert into film values (1, 'a'); rollback; insert into other values (1)")
  const second = await database.read(source, first.cursor)
  expect(second.changes.map(({ kind }) => kind)).toEqual(['checkpoint'])
  expect(second.cursor).not.toEqual(first.cursor)
})

test('what is written while a first read goes on is not lost, wherever it is', async () => {
  await using database = await openMysqlDatabase(
    `${film} insert into film select seq, concat('title ', seq) from seq_1_to_1000`,
  )
  await using indexer = await database.open({ source })
  const changes: Change[] = []
  for await (const change of checkedChanges(indexer, {})) {
    changes.push(change)
    if (changes.length === 50) {
      await database.run(`update film set title = 'new' where id in (1, 500, 1000); delete from film where id in (2, 501, 999);
        insert into film values (-1, 'before'), (5000, 'after')`)
    }
  }
  const held = new Map<string, string>()
  applyChanges(held, changes, 'source')
  expect(await heldAfter(indexer, held)).toEqual([])
  expect(held.size).toBe(999)
})

test('a first read that is killed goes on after its last page, and misses nothing that changed before it', async () => {
  await using database = await openMysqlDatabase(
    `${film} insert into film select seq, concat('title ', seq) from seq_1_to_1000`,
  )
  const seen: Change[] = []
  {
    await using indexer = await database.open({ source })
    for await (const change of checkedChanges(indexer, {})) {
      seen.push(change)
      if (change.kind === 'checkpoint') break
    }
  }
  expect(seen.at(-1)).toMatchObject({ kind: 'checkpoint', partial: true })
  await database.run('delete from film where id = 1; update film set title = 0 where id = 2')
  await using indexer = await database.open({ source })
  const rest = await readChanges(indexer, cursorsOf(seen))
  expect(told(rest)).toHaveLength(902)
  expect(rest.at(-1)?.kind === 'checkpoint' && rest.at(-1)).not.toHaveProperty('partial')
  const held = new Map<string, string>()
  applyChanges(held, [...seen, ...rest], 'source')
  expect(await heldAfter(indexer, held)).toEqual([])
})

test('a transaction of more rows than are held in memory arrives whole', async () => {
  await using database = await openMysqlDatabase(film)
  const first = await database.read(source)
  await database.run(`insert into film select seq, 'x' from seq_1_to_50000`)
  const second = await database.read(source, first.cursor)
  expect(new Set(second.puts.map(({ key }) => key)).size).toBe(50_000)
  await database.run('delete from film')
  const third = await database.read(source, second.cursor)
  expect(new Set(told(third.changes)).size).toBe(50_000)
  expect(third.puts).toEqual([])
})

test.for([
  ['truncate film', 'a statement changed film as a whole'],
  ['alter table film add column n int', 'the columns of film, or what is read of it, changed'],
  ['alter table film modify title varchar(200)', 'the columns of film, or what is read of it, changed'],
  [`drop table film; ${film}`, 'a statement changed film as a whole'],
  [`rename table film to gone; ${film}`, 'a statement changed film as a whole'],
  [
    `create or replace table film (id int primary key, title varchar(100)) engine=innodb`,
    'a statement changed film as a whole',
  ],
] as const)('%s makes everything be read anew', async ([sql, why]) => {
  await using database = await openMysqlDatabase(`${film} insert into film values (1, 'a')`)
  const first = await database.read(source)
  await database.run(sql)
  await using indexer = await database.open({ source })
  await expect(collect(indexer.changes({ source: first.cursor }))).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
    message: `Source source: ${why}.`,
  })
  const anew = await database.read(source)
  const next = await database.read(source, anew.cursor)
  expect(next.changes.map(({ kind }) => kind)).toEqual(['checkpoint'])
})

test.for([
  'truncate other',
  'drop table other',
  'create index by_title on film (title)',
  'alter table film comment = "films"',
  'create table film_copy as select * from film',
  'create view shown as select * from film',
  'analyze table film',
])('%s changes nothing of the table', async (sql) => {
  await using database = await openMysqlDatabase(`${film} create table other (id int primary key)`)
  const first = await database.read(source)
  await database.run(sql)
  await database.run("insert into film values (1, 'a')")
  expect(told((await database.read(source, first.cursor)).changes)).toEqual(['put 1'])
})

test('columns that change while the log is followed make everything be read anew', async () => {
  await using database = await openMysqlDatabase(`${film} insert into film values (1, 'a')`)
  const watching = watch(database, async (changes) => {
    if (changes.at(-1)?.kind === 'checkpoint' && !('partial' in (changes.at(-1) ?? {}))) {
      await database.run('alter table film add column n int')
    }
  })
  await expect(watching).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
})

const family = `create table studio (id int primary key, code int not null, name varchar(9), unique (code)) engine=innodb;
  create table series (id int primary key, studio int, foreign key (studio) references studio (code) on delete cascade on update cascade) engine=innodb;
  create table film (id int primary key, series int, foreign key (series) references series (id) on delete set null) engine=innodb;
  insert into studio values (1, 10, 'a'); insert into series values (1, 10); insert into film values (1, 1);`

test.for(['delete from series', 'delete from studio', 'update studio set code = 11'])(
  '%s may take rows along that the log does not name, so everything is read anew',
  async (sql) => {
    await using database = await openMysqlDatabase(family)
    const first = await database.read(source)
    await database.run(sql)
    await using indexer = await database.open({ source })
    await expect(collect(indexer.changes({ source: first.cursor }))).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  },
)

test('changes of a parent that take no row along are nothing', async () => {
  await using database = await openMysqlDatabase(family)
  const first = await database.read(source)
  await database.run("update studio set name = 'b'; insert into series values (2, 10)")
  expect(told((await database.read(source, first.cursor)).changes)).toEqual([])
})

test('a transaction of two phases arrives when it is decided, whoever read the log in between', async () => {
  await using database = await openMysqlDatabase(film)
  const first = await database.read(source)
  const id = z.object({ id: z.string() }).parse((await database.run("select concat('x', connection_id()) as id"))[0]).id
  await database.run(`xa start '${id}'; insert into film values (1, 'a'); xa end '${id}'; xa prepare '${id}'`)
  await withMariadb(database.writerUrl, (run) => run("insert into film values (10, 'z')"))
  const second = await database.read(source, first.cursor)
  expect(told(second.changes)).toEqual(['put 10'])
  await database.run(`xa commit '${id}'; insert into film values (2, 'b')`)
  await using indexer = await database.open({ source })
  const third = await collect(indexer.changes({ source: second.cursor }))
  expect(told(third).toSorted()).toEqual(['put 1', 'put 10', 'put 2'])
  await database.run(`xa start '${id}'; insert into film values (3, 'c'); xa end '${id}'; xa prepare '${id}'`)
  const begun = await database.read(source)
  await database.run(`xa rollback '${id}'`)
  await expect(collect(indexer.changes({ source: begun.cursor }))).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
})

test('a cursor of another server, or of a log that is gone, makes everything be read anew', async () => {
  await using database = await openMysqlDatabase(film)
  const Cursor = z.looseObject({ history: z.string(), log: z.looseObject({ gtid: z.string(), offset: z.number() }) })
  const cursor = Cursor.parse((await database.read(source)).cursor)
  await database.run("insert into film values (1, 'a')")
  await using indexer = await database.open({ source })
  const reading = (changed: object): Promise<unknown> =>
    collect(indexer.changes({ source: z.json().parse({ ...cursor, ...changed }) }))
  const expired = { code: 'CURSOR_EXPIRED' }
  await expect(reading({ history: 'other' })).rejects.toMatchObject(expired)
  await expect(reading({ log: { ...cursor.log, offset: 2 ** 40 } })).rejects.toMatchObject(expired)
  await expect(reading({ log: { ...cursor.log, gtid: '0-1-999999999999' } })).rejects.toMatchObject(expired)
})

test('a link that breaks while the log is followed is made again, and nothing is lost or told twice', async () => {
  await using database = await openMysqlDatabase(film)
  await using network = await openTcpProxy(database.url)
  let breaks = 0
  const changes = await watch(
    database,
    async (changes, stop) => {
      const last = changes.at(-1)
      if (last?.kind !== 'checkpoint' || last.partial === true || told(changes).length < breaks) return
      if (breaks === 3) return stop()
      breaks += 1
      network.cut()
      await database.run(`insert into film values (${breaks}, 'a')`)
      network.restore()
    },
    network.url,
  )
  expect(told(changes)).toEqual(['put 1', 'put 2', 'put 3'])
})

test('a link that stays broken is told, with what to look at', async () => {
  await using database = await openMysqlDatabase(film)
  await using network = await openTcpProxy(database.url)
  const watching = watch(
    database,
    (changes) => {
      if (changes.at(-1)?.kind === 'checkpoint') network.cut()
    },
    network.url,
  )
  await expect(watching).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
}, 30_000)

test('sources of one connection that stand at different places all arrive', async () => {
  await using database = await openMysqlDatabase(`${film} create table actor (id int primary key)`)
  const sources = { film: source, actor: { table: 'actor' } }
  await using indexer = await database.open(sources)
  const first = cursorsOf(await readChanges(indexer, {}))
  await database.run("insert into film values (1, 'a'); insert into actor values (1)")
  const second = cursorsOf(await readChanges(indexer, first))
  await database.run("insert into film values (2, 'a'); insert into actor values (2)")
  const changes = await readChanges(indexer, { film: first['film'] ?? null, actor: second['actor'] ?? null })
  const keys = (name: string): readonly string[] => told(changes.filter((change) => change.source === name))
  expect(keys('film').toSorted()).toEqual(['put 1', 'put 2'])
  expect(keys('actor')).toContain('put 2')
})

test('many who write at once leave nothing behind', async () => {
  await using database = await openMysqlDatabase(film)
  const stop = new AbortController()
  const changes: Change[] = []
  await using indexer = await database.open({ source }, { until: 'abort', signal: stop.signal })
  const reading = (async () => {
    for await (const change of checkedChanges(indexer, {})) changes.push(change)
  })()
  const write = (writer: number): Promise<void> =>
    withMariadb(database.writerUrl, async (run) => {
      for (let round = 0; round < 150; round += 1) {
        const id = (round * 7 + writer * 13) % 40
        if (round % 3 === 0) await run('delete from film where id = ?', [id])
        else await run('replace into film values (?, ?)', [id, `${writer} ${round}`])
      }
    })
  await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(write))
  await database.run("insert into film values (1000, 'last')")
  const deadline = Date.now() + 20_000
  while (!changes.some((change) => change.kind === 'put' && change.key === '1000') && Date.now() < deadline)
    await sleep(20)
  const held = new Map<string, string>()
  applyChanges(held, changes, 'source')
  await using other = await database.open({ source }, readOptions())
  expect(await heldAfter(other, held)).toEqual([])
  stop.abort()
  await reading
}, 40_000)

test('what the log tells before it can be seen is waited for', async () => {
  await using database = await openMysqlDatabase(film)
  const place = { subject: 'Source film', what: 'film' }
  const options = await addressOf({ url: database.url, tls: false, statementTimeout: 60_000 }, place)
  await using session = openSession(options, new AbortController().signal)
  const server = await readServer(session, place)
  const log = await readStart(session, server, place)
  await untilVisible(session, server, log, place)
  let isVisible = false
  const waiting = untilVisible(session, server, { ...log, offset: log.offset + 5_000_000 }, place).then(
    () => (isVisible = true),
    () => {},
  )
  await sleep(200)
  expect(isVisible).toBe(false)
  await session[Symbol.asyncDispose]()
  await waiting
})

test('a quiet source is told to be so in well under a second', async () => {
  await using database = await openMysqlDatabase(film)
  const first = await database.read(source)
  await using indexer = await database.open({ source })
  const began = Date.now()
  const changes = await readChanges(indexer, { source: first.cursor })
  expect(changes.map(({ kind }) => kind)).toEqual(['checkpoint'])
  expect(Date.now() - began).toBeLessThan(500)
})
