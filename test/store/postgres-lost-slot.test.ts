import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import type { Change } from '../../schemas/record.ts'
import type { Cursors } from '../../src/core/indexer.ts'
import { collect, cursorsOf } from '../kit/indexer-reading.ts'
import { openOwnPostgres } from '../kit/own-postgres.ts'
import { openSourceDatabase, openSources } from '../kit/postgres-source.ts'
import { until } from '../kit/until.ts'

const setup = `create table item (id int primary key, label text); insert into item values (1, 'one')`
const sources = { items: { table: 'item', mode: 'stream' } } as const

async function readOnce(url: string, after: Cursors): Promise<readonly Change[]> {
  await using indexer = await openSources(url, sources)
  const changes = await collect(indexer.changes(after))
  await indexer.committed?.({ ...after, ...cursorsOf(changes) })
  return changes
}

const shown = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((one) => (one.kind === 'checkpoint' ? [] : [`${one.kind} ${one.key}`]))
const asks = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.kind === 'checkpoint' && change.compare === true)

test.skipIf(process.platform !== 'linux')(
  'a slot that the server gave up by max_slot_wal_keep_size is made anew, and everything is read again',
  async () => {
    await using server = await openOwnPostgres()
    await server.run(setup)
    const cursors = cursorsOf(await readOnce(server.url, {}))
    const free = 'select from pg_replication_slots where not active'
    await until(async () => (await server.run(free)).length === 1)
    await server.run(`alter system set max_slot_wal_keep_size = '1MB'`)
    await server.run('select pg_reload_conf()')
    await server.run(`insert into item values (2, 'two'); delete from item where id = 1`)
    const status = 'select wal_status from pg_replication_slots'
    await until(async () => {
      await server.run(`select pg_logical_emit_message(false, 'fill', repeat('x', 1000)), pg_switch_wal()`)
      await server.run('checkpoint')
      return (await server.run(status))[0]?.['wal_status'] === 'lost'
    })
    const changes = await readOnce(server.url, cursors)
    expect([shown(changes), asks(changes)]).toEqual([['put 2'], true])
    expect(await server.run(status)).toEqual([{ wal_status: 'reserved' }])
    // It serves as the one before did.
    await server.run(`insert into item values (3, 'three')`)
    expect(shown(await readOnce(server.url, cursorsOf(changes)))).toEqual(['put 3'])
  },
)

test('a slot that is dropped while it is read ends the read, and everything is read again', async () => {
  await using database = await openSourceDatabase(setup)
  const stop = new AbortController()
  await using indexer = await database.open(sources, { until: 'abort', signal: stop.signal, everyMs: 60_000 })
  let cursors: Cursors = {}
  const reading = (async () => {
    for await (const change of indexer.changes({})) cursors = { ...cursors, ...cursorsOf([change]) }
  })()
  reading.catch(() => {})
  await until(async () => cursors['items'] !== undefined)
  await database.run(
    `select pg_terminate_backend(active_pid, 5000), pg_drop_replication_slot(slot_name) from pg_replication_slots
      where database = current_database()`,
  )
  await expect(reading).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  await database.run(`insert into item values (2, 'two'); delete from item where id = 1`)
  const changes = await readOnce(database.url, cursors)
  expect([shown(changes), asks(changes)]).toEqual([['put 2'], true])
})

test.skipIf(process.platform !== 'linux')(
  'a log that the server cannot decode any more is given up, and everything is read again',
  async () => {
    await using server = await openOwnPostgres()
    await server.run(setup)
    let cursors = cursorsOf(await readOnce(server.url, {}))
    // While a transaction runs, decoding begins with what is in a file, which is spoilt then.
    const writer = new Client({ connectionString: server.url })
    await writer.connect()
    await writer.query('begin')
    await writer.query('select pg_current_xact_id()')
    const found = `select f as file from pg_ls_dir('pg_logical/snapshots') f
      join pg_replication_slots s on f = replace(s.restart_lsn::text, '/', '-') || '.snap' and not active`
    await until(async () => {
      await server.run('select pg_log_standby_snapshot()')
      await server.run(`update item set label = label || '.'`)
      cursors = { ...cursors, ...cursorsOf(await readOnce(server.url, cursors)) }
      return (await server.run(found)).length > 0
    })
    const path = join(server.folder, 'pg_logical/snapshots', String((await server.run(found))[0]?.['file']))
    await writeFile(path, (await readFile(path)).fill(1, 40))
    await server.run(`insert into item values (2, 'two'); delete from item where id = 1`)
    await expect(readOnce(server.url, cursors)).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      message: 'Source items: the server cannot decode the log that it kept.',
    })
    await writer.end()
    const changes = await readOnce(server.url, cursors)
    expect([shown(changes), asks(changes)]).toEqual([['put 2'], true])
  },
)
