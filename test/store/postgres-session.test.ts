import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'
import type { SourceDatabase } from '../kit/postgres-source.ts'

const setup = `create table item (id int primary key, body text not null);
  insert into item select n, repeat('x', 200) from generate_series(1, 3000) n; analyze item`

/** Sessions of an indexer on this database, as `state: query` by its first word. */
async function sessionsOf(database: SourceDatabase): Promise<string[]> {
  const rows = await database.run(
    `select state || ': ' || split_part(query, ' ', 1) as session from pg_stat_activity
      where datname = current_database() and application_name = 'aquifer' order by pid`,
  )
  return rows.map(({ session }) => String(session))
}

test('changes and keys of one connection can be read in turns', async () => {
  await using database = await openSourceDatabase(setup)
  const source = { table: 'item' }
  await using indexer = await database.open({ source, again: { query: 'select * from item', key: 'id' } })
  const seen: string[] = []
  for await (const change of indexer.changes({})) {
    if (change.kind !== 'put' || change.key !== '150') continue
    seen.push(`${change.source} ${(await collect(indexer.keys('source', {}, 'keys'))).length}`)
    let first = true
    for await (const { key } of indexer.keys('again', {}, 'digests')) {
      if (first) seen.push(`key ${key}, ${(await collect(indexer.keys('source', { from: '9' }, 'keys'))).length}`)
      first = false
    }
  }
  expect(seen).toEqual(['source 3000', 'key 1, 111', 'again 3000', 'key 1, 111'])
})

test('no transaction stays open while the consumer takes its time', async () => {
  await using database = await openSourceDatabase(setup)
  await using indexer = await database.open({
    source: { table: 'item' },
    view: { query: 'select * from item', key: 'id' },
  })
  const states = new Set<string>()
  let count = 0
  for await (const _ of indexer.changes({})) {
    count += 1
    if (count % 500 !== 0) continue
    await sleep(20)
    for (const session of await sessionsOf(database)) states.add(session)
  }
  for await (const { key } of indexer.keys('source', {}, 'digests')) {
    if (key === '1000') for (const session of await sessionsOf(database)) states.add(session)
  }
  expect([...states]).toEqual(['idle: commit'])
})

test('a reader that walks away leaves no cursor behind, and closing leaves no session', async () => {
  await using database = await openSourceDatabase(setup)
  {
    await using indexer = await database.open({ source: { query: 'select * from item', key: 'id' } })
    for await (const change of indexer.changes({})) if (change.kind === 'put') break
    for await (const { key } of indexer.keys('source', {}, 'keys')) if (key !== '') break
    expect(await sessionsOf(database)).toEqual(['idle: close'])
  }
  await sleep(100)
  expect(await sessionsOf(database)).toEqual([])
})

test('a connection that is lost in mid-read is unreachable, and is made again for the next read', async () => {
  await using database = await openSourceDatabase(setup)
  await using indexer = await database.open({
    source: { table: 'item' },
    view: { query: 'select * from item', key: 'id' },
  })
  const kill = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'aquifer'`
  const reading = async (name: string): Promise<void> => {
    for await (const change of indexer.changes({})) {
      if (change.source === name && change.kind === 'put' && change.key === '1') await database.run(kill)
    }
  }
  await expect(reading('source')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  await expect(reading('view')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  const keys = async (): Promise<void> => {
    for await (const { key } of indexer.keys('source', {}, 'keys')) if (key === '1') await database.run(kill)
  }
  await expect(keys()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  expect((await collect(indexer.changes({}))).filter(({ kind }) => kind === 'put')).toHaveLength(6000)
})

test.for([
  ['changes', 0],
  ['keys', 'CANCELLED'],
] as const)('an abort ends a statement that runs on the server (%s)', async ([what, expected]) => {
  await using database = await openSourceDatabase(setup)
  const source = { query: 'select id, pg_sleep(0.01)::text as t from item', key: 'id' }
  const stop = new AbortController()
  await using indexer = await database.open({ source }, { signal: stop.signal })
  const reading = what === 'changes' ? collect(indexer.changes({})) : collect(indexer.keys('source', {}, 'keys'))
  const outcome = reading.then(
    (items) => items.length,
    (error: unknown) => (error instanceof AquiferError ? error.code : error),
  )
  await sleep(500)
  expect((await sessionsOf(database))[0]).toMatch(/^active/)
  const abortedAt = Date.now()
  stop.abort()
  const result = await outcome
  expect(Date.now() - abortedAt).toBeLessThan(1000)
  expect(result).toBe(expected)
  await sleep(300)
  expect((await sessionsOf(database)).filter((session) => session.startsWith('active'))).toEqual([])
})

test('nothing that a query calls can write', async () => {
  await using database = await openSourceDatabase(`${setup}; create table log (t text);
    create function note() returns int language sql volatile as $$ insert into log values ('was here') returning 1 $$;
    create function open_up() returns int language plpgsql volatile as $$ begin
      perform set_config('transaction_read_only', 'off', true); insert into log values ('was here'); return 1; end $$`)
  for (const call of ['note()', 'open_up()']) {
    await using indexer = await database.open({ source: { query: `select id, ${call} as n from item`, key: 'id' } })
    await expect(collect(indexer.changes({}))).rejects.toMatchObject({ code: expect.stringMatching(/^SOURCE_/) })
  }
  expect(await database.run('select * from log')).toEqual([])
})
