import { describe, expect, test } from 'vitest'
import type { Change, Json } from '../../schemas/record.ts'
import type { Cursors, Indexer } from '../../src/core/indexer.ts'
import { collect, cursorsOf } from '../kit/indexer-reading.ts'
import { openSourceDatabase, type SourceDatabase, type SourceInput } from '../kit/postgres-source.ts'
import { until } from '../kit/until.ts'

const setup = `create table film (id int primary key, title text); create table actor (id int primary key, name text);
  insert into film values (1, 'one'); insert into actor values (1, 'ann')`
const films = { table: 'film', mode: 'stream' } as const
const actors = { table: 'actor', mode: 'stream' } as const

const shown = (changes: readonly Change[]): readonly string[] =>
  changes.flatMap((one) => (one.kind === 'checkpoint' ? [] : [`${one.source} ${one.kind} ${one.key}`]))
const asks = (changes: readonly Change[]): boolean =>
  changes.some((change) => change.kind === 'checkpoint' && change.compare === true)

async function confirmed(database: SourceDatabase): Promise<unknown> {
  const [slot] = await database.run(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where database = current_database()',
  )
  return slot?.['lsn']
}

/** As one process that syncs these sources once, with what the ledger holds of others. */
async function readOnce(
  database: SourceDatabase,
  sources: Readonly<Record<string, SourceInput>>,
  { after = {}, others = {} }: { readonly after?: Cursors; readonly others?: Cursors },
): Promise<{ readonly changes: readonly Change[]; readonly cursors: Cursors }> {
  await using indexer = await database.open(sources, { others: async () => others })
  const changes = await collect(indexer.changes(after))
  const cursors = { ...after, ...cursorsOf(changes) }
  await indexer.committed?.(cursors)
  return { changes, cursors }
}

const only = (cursors: Cursors, name: string): Cursors => ({ [name]: cursors[name] ?? null })

/** Both have been read, and both have changed since. */
async function openRead(): Promise<SourceDatabase & { readonly cursors: Cursors }> {
  const database = await openSourceDatabase(setup)
  const { cursors } = await readOnce(database, { films, actors }, {})
  await database.run(`insert into film values (2, 'two'); insert into actor values (2, 'bob')`)
  return Object.assign(database, { cursors })
}

describe('the log of a connection is kept', () => {
  test('for a source that is not synced now: its changes are there when its turn comes', async () => {
    await using database = await openRead()
    const { cursors } = database
    const first = await readOnce(
      database,
      { films },
      { after: only(cursors, 'films'), others: only(cursors, 'actors') },
    )
    expect(shown(first.changes)).toEqual(['films put 2'])
    await database.run(`insert into film values (3, 'three')`)
    const again = await readOnce(database, { films }, { after: first.cursors, others: only(cursors, 'actors') })
    expect(shown(again.changes)).toEqual(['films put 3'])
    const second = await readOnce(database, { actors }, { after: only(cursors, 'actors'), others: again.cursors })
    expect([shown(second.changes), asks(second.changes)]).toEqual([['actors put 2'], false])
  })

  test('and told to each source once, however far another one is behind', async () => {
    await using database = await openRead()
    const { cursors } = database
    const ahead = await readOnce(
      database,
      { films },
      { after: only(cursors, 'films'), others: only(cursors, 'actors') },
    )
    const both = await readOnce(database, { films, actors }, { after: { ...cursors, ...ahead.cursors } })
    expect([shown(both.changes), asks(both.changes)]).toEqual([['actors put 2'], false])
  })

  test('until the source behind has committed, wherever that was', async () => {
    await using database = await openRead()
    let others = only(database.cursors, 'actors')
    await using indexer = await database.open({ films }, { others: async () => others })
    const before = await confirmed(database)
    const read = async (after: Cursors): Promise<Cursors> => {
      const cursors = cursorsOf(await collect(indexer.changes(after)))
      await indexer.committed?.(cursors)
      return cursors
    }
    const after = await read(only(database.cursors, 'films'))
    // The server takes a status in before it answers the next read.
    await read(after)
    expect(await confirmed(database)).toBe(before)
    others = { actors: after['films'] ?? null }
    await read(after)
    await until(async () => (await confirmed(database)) !== before)
  })

  test.for([
    ['that was never read', () => ({})],
    ['that is not streamed', () => ({ actors: { xmin: '7' } })],
    ['of another database', (cursor: Json) => ({ actors: { ...Object(cursor), history: 'another' } })],
    ['whose log is gone already', (cursor: Json) => ({ actors: { ...Object(cursor), lsn: '0/1' } })],
  ] as const)('but not for a source %s', async ([, othersOf]) => {
    await using database = await openRead()
    const before = await confirmed(database)
    const others = othersOf(database.cursors['actors'] ?? null)
    await readOnce(database, { films }, { after: only(database.cursors, 'films'), others })
    await until(async () => (await confirmed(database)) !== before)
    expect(await confirmed(database)).not.toBe(before)
  })

  test('while nothing of what is read now was committed, however long that goes on', async () => {
    await using database = await openRead()
    const { cursors } = await readOnce(
      database,
      { films },
      { after: only(database.cursors, 'films'), others: only(database.cursors, 'actors') },
    )
    const before = await confirmed(database)
    const stop = new AbortController()
    await using watch = await database.open({ films }, { until: 'abort', signal: stop.signal, everyMs: 60_000 })
    const reading = collect(watch.changes(only(cursors, 'films')))
    await until(async () => (await answered(database)) === true)
    stop.abort()
    await reading
    expect(await confirmed(database)).toBe(before)
  })

  test('by who reads it: where another process gave it up between two looks, a source is read from the start', async () => {
    await using database = await openRead()
    const { cursors } = database
    const [now] = await database.run('select pg_current_wal_lsn() as lsn')
    await using other = await database.open({ films }, { until: 'abort' })
    const ended = collect(other.changes(only(cursors, 'films'))).catch((error: unknown) => error)
    await until(async () => (await answered(database)) === true)
    const reading = readOnce(database, { actors }, { after: only(cursors, 'actors') })
    // The slot is taken from the other one, which is free for half a second then.
    const advance = `select pg_replication_slot_advance(slot_name, $1) from pg_replication_slots
      where database = current_database() and not active`
    await until(async () => (await database.run(advance, [now?.['lsn']])).length > 0)
    const { changes } = await reading
    expect([shown(changes), asks(changes)]).toEqual([['actors put 1', 'actors put 2'], true])
    expect(await ended).toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })
})

/** Whether the server has heard from whoever reads the log how far that is. */
async function answered(database: SourceDatabase): Promise<unknown> {
  const [row] = await database.run(
    `select r.reply_time is not null as answered from pg_stat_replication r
      join pg_replication_slots s on s.active_pid = r.pid where s.database = current_database()`,
  )
  return row?.['answered']
}

/** Everything that was written until now is on its way to whoever reads the log. */
async function sent(database: SourceDatabase): Promise<void> {
  await until(async () => {
    const [row] = await database.run(
      `select bool_and(r.sent_lsn >= pg_current_wal_lsn()) as done from pg_stat_replication r
          join pg_replication_slots s on s.active_pid = r.pid where s.database = current_database()`,
    )
    return row?.['done'] === true
  })
}

async function readWith(
  indexer: Indexer,
  after: Cursors,
  onChange: (change: Change, changes: readonly Change[]) => Promise<unknown>,
): Promise<readonly Change[]> {
  const changes: Change[] = []
  for await (const change of indexer.changes(after)) {
    changes.push(change)
    if ((await onChange(change, changes)) === 'stop') break
  }
  return changes
}

describe('while a table is read from the start', () => {
  const many = { table: 'many', mode: 'stream' } as const
  const manyRows = `create table many (id int primary key, label text);
    insert into many select i, 'row ' || i from generate_series(1, 20000) i`

  test('what changes in another source is handed over before that ends', async () => {
    await using database = await openSourceDatabase(`${setup}; ${manyRows}`)
    const { cursors } = await readOnce(database, { films }, {})
    await using indexer = await database.open({ films, many })
    const changes = await readWith(indexer, cursors, async (change) => {
      if (change.kind === 'put' && change.source === 'many' && change.key === '1') {
        await database.run(`update film set title = 'uno'`)
        await sent(database)
      }
      return undefined
    })
    const at = (one: string): number =>
      changes.findIndex((change) => change.kind === 'put' && `${change.source} ${change.key}` === one)
    const last = changes.findLastIndex((change) => change.kind === 'put' && change.source === 'many')
    expect(at('films 1')).toBeGreaterThan(at('many 1'))
    expect(at('films 1')).toBeLessThan(last)
    // With a checkpoint of its own, right behind it.
    expect(changes[at('films 1') + 1]).toMatchObject({ kind: 'checkpoint', source: 'films' })
    expect(new Set(shown(changes).filter((one) => one.startsWith('many'))).size).toBe(20_000)
  })

  test('what changes in it, before or after the page that is read, is told as it is at last', async () => {
    await using database = await openSourceDatabase(manyRows)
    await using indexer = await database.open({ many })
    const held = new Map<string, unknown>()
    const changes = await readWith(indexer, {}, async (change) => {
      if (change.kind === 'put' && change.content.kind === 'row') held.set(change.key, change.content.row['label'])
      if (change.kind === 'delete') held.delete(change.key)
      if (change.kind === 'put' && change.key === '400') {
        await database.run(`update many set label = 'new' where id in (1, 20000); delete from many where id in (2, 19999);
          update many set id = -3 where id = 3; update many set id = -19998 where id = 19998; insert into many values (0, 'zero')`)
        await sent(database)
      }
      return undefined
    })
    expect(held.size).toBe(19_999)
    expect(['1', '20000', '2', '19999', '3', '-3', '19998', '-19998', '0'].map((key) => held.get(key))).toEqual([
      'new',
      'new',
      undefined,
      undefined,
      undefined,
      'row 3',
      undefined,
      'row 19998',
      'zero',
    ])
    // A comparison of keys would mend what was missed, and is asked for at the end at the earliest.
    const asked = changes.findIndex((one) => one.kind === 'checkpoint' && one.compare === true && one.partial !== true)
    expect(asked).toBeGreaterThan(20_000)
  })

  test('a process that is killed goes on after its last page, and the log need not be kept from the beginning', async () => {
    await using database = await openSourceDatabase(manyRows)
    let cursors: Cursors = {}
    const before = await (async () => {
      await using indexer = await database.open({ many })
      const first = await readWith(indexer, {}, async (change, changes) => {
        if (change.kind === 'put' && change.key === '150') {
          await database.run(`update many set label = 'new' where id = 7`)
          await sent(database)
        }
        const isTold = changes.filter((one) => one.kind === 'put' && one.key === '7').length === 2
        return isTold && change.kind === 'checkpoint' ? 'stop' : undefined
      })
      cursors = cursorsOf(first)
      const held = await confirmed(database)
      await indexer.committed?.(cursors)
      await until(async () => (await confirmed(database)) !== held)
      return first
    })()
    const read = before.flatMap((one) => (one.kind === 'put' && one.key !== '7' ? [Number(one.key)] : []))
    const last = Math.max(...read)
    await database.run('delete from many where id = 8; delete from many where id = 19999')
    const { changes } = await readOnce(database, { many }, { after: cursors })
    const keys = changes.flatMap((one) => (one.kind === 'put' ? [Number(one.key)] : []))
    expect(Math.min(...keys)).toBe(last + 1)
    expect(
      shown(changes)
        .filter((one) => one.includes('delete'))
        .toSorted(),
    ).toEqual(['many delete 19999', 'many delete 8'])
    expect(new Set(keys).has(19_999)).toBe(false)
  })

  test('and waits for a transaction to end before it begins, the others are followed', async () => {
    await using database = await openSourceDatabase(`${setup}; ${manyRows}`)
    const { cursors } = await readOnce(database, { films }, {})
    const writer = await database.connect()
    await writer.query('begin')
    await writer.query(`insert into many values (0, 'late')`)
    await using indexer = await database.open({ films, many })
    await database.run(`update film set title = 'uno'`)
    const changes = await readWith(indexer, cursors, async (change, before) => {
      if (change.kind !== 'put' || change.source !== 'films') return undefined
      if (before.filter((one) => one.kind === 'put' && one.source === 'films').length > 1) {
        await writer.query('commit')
        return undefined
      }
      await database.run(`update film set title = 'due'`)
      return sent(database)
    })
    expect(shown(changes).slice(0, 2)).toEqual(['films put 1', 'films put 1'])
    expect(shown(changes)).toContain('many put 0')
  })
})
