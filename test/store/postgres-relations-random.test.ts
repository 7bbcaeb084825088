import { expect, test } from 'vitest'
import type { Json } from '../../schemas/record.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openSourceDatabase, type SourceDatabase } from '../kit/postgres-source.ts'
import { createRandom, type Random } from '../kit/random.ts'

const seed = Number(process.env['AQUIFER_SEED'] ?? 20_261_122)
const transactions = 1600
const writers = 4

// Without foreign keys, rows may refer to what is not there yet, or no more.
const tables = `
  create table team (id int primary key, name text);
  create table item (id int primary key, label text, home int);
  create table tag (id int primary key, word text); create table item_tag (item int, tag int, primary key (item, tag));
  create table note (id int primary key, item int, words text); create table reply (id int primary key, note int, writer int);
  create table author (id int primary key, name text, home int);
  alter table note replica identity full; alter table reply replica identity full`

const source = {
  table: 'item',
  mode: 'stream',
  with: {
    team: { table: 'team', via: 'home' },
    tags: { table: 'tag', through: { table: 'item_tag', via: 'item', to: 'tag' } },
    notes: {
      table: 'note',
      via: 'item',
      as: 'array',
      order: 'words desc',
      with: {
        replies: {
          table: 'reply',
          via: 'note',
          as: 'array',
          with: {
            author: {
              table: 'author',
              via: 'writer',
              with: { team: { table: 'team', via: 'home', columns: ['name'] } },
            },
          },
        },
      },
    },
  },
} as const

/** What the records are to be, in plain SQL. */
const oracle = `select id::text as key, json_build_object('id', id, 'label', label, 'home', home, 'team',
    (select to_jsonb(t) from team t where t.id = i.home),
    'tags', (select coalesce(json_agg(json_build_object('id', t.id, 'word', word) order by t.id), '[]')
      from tag t join item_tag x on x.tag = t.id where x.item = i.id),
    'notes', (select coalesce(json_agg(json_build_object('id', n.id, 'item', n.item, 'words', n.words, 'replies',
        (select coalesce(json_agg(json_build_object('id', r.id, 'note', r.note, 'writer', r.writer, 'author',
            (select json_build_object('id', a.id, 'name', a.name, 'home', a.home, 'team', (select json_build_object('name', name) from team t where t.id = a.home))
              from author a where a.id = r.writer)) order by r.id), '[]') from reply r where r.note = n.id))
        order by n.words desc, n.id), '[]') from note n where n.item = i.id)) as row
  from item i`

const pick = <T>(random: Random, items: readonly [T, ...T[]]): T => items[random.int(0, items.length - 1)] ?? items[0]

const put = (table: string, values: string, set: string): string =>
  `insert into ${table} values (${values}) on conflict (id) do update set ${set}`

function statement(random: Random): string {
  const id = (): string => String(random.int(1, 40))
  const some = (): string => (random.int(0, 7) === 0 ? 'null' : id())
  const word = (): string => `'word ${id()}'`
  const kinds: readonly [() => string, ...(() => string)[]] = [
    () => put('item', `${id()}, ${word()}, ${some()}`, 'label = excluded.label, home = excluded.home'),
    () => put('team', `${id()}, ${word()}`, 'name = excluded.name'),
    () => put('tag', `${id()}, ${word()}`, 'word = excluded.word'),
    () => put('note', `${id()}, ${some()}, ${word()}`, 'item = excluded.item, words = excluded.words'),
    () => put('reply', `${id()}, ${some()}, ${some()}`, 'note = excluded.note, writer = excluded.writer'),
    () => put('author', `${id()}, ${word()}, ${some()}`, 'name = excluded.name, home = excluded.home'),
    () => `insert into item_tag values (${id()}, ${id()}) on conflict do nothing`,
    () =>
      `update item_tag set item = ${id()} where item = ${id()} and not exists (select from item_tag o where o.tag = item_tag.tag)`,
    () => `delete from item_tag where ${pick(random, ['item', 'tag'])} = ${id()}`,
    () => `delete from ${pick(random, ['item', 'team', 'tag', 'note', 'reply', 'author'])} where id = ${id()}`,
    () => `update note set item = ${id()} where item = ${id()}`,
    () => `update ${pick(random, ['item', 'team', 'tag', 'note', 'author'])} set id = id + 100 where id = ${id()}`,
    () => `update team set name = name || '.' where id = ${id()}`,
  ]
  return pick(random, kinds)()
}

async function writeOnce(run: (sql: string) => Promise<unknown>, random: Random): Promise<void> {
  try {
    await run('begin')
    for (let left = random.int(1, 5); left > 0; left -= 1) await run(statement(random))
    await run(random.int(0, 9) === 0 ? 'rollback' : 'commit')
  } catch {
    // Two writers of one row, or a key that is taken: one of them gives up.
    await run('rollback')
  }
}

async function writeAll(database: SourceDatabase, random: Random): Promise<void> {
  const client = await database.connect()
  const rounds = transactions / writers
  for (let round = 0; round < rounds; round += 1) {
    await writeOnce((sql) => client.query(sql), random)
    // These have everything read again, which would mend what was told wrongly: so not until the end.
    if (round > rounds / 3) continue
    if (random.int(0, 120) === 0) await client.query(`truncate ${pick(random, ['note', 'reply', 'team'])}`)
    if (random.int(0, 60) === 0) await client.query(`alter table team add column c${String(random.int(0, 1e9))} int`)
    if (random.int(0, 60) === 0)
      await client.query(`do $$ declare c text; begin for c in select attname from pg_attribute where attrelid = 'team'::regclass
        and attnum > 2 and not attisdropped loop execute 'alter table team drop column if exists ' || c; end loop; end $$`)
  }
}

test(`records of several tables end in step, whatever several writers do while the reader dies (seed ${String(seed)})`, async () => {
  await using database = await openSourceDatabase(tables)
  const random = createRandom(seed)
  const held = new Map<string, Json>()
  let cursor: Json | undefined
  let unsure = false
  let deaths = 0

  /** As a process would: until it has caught up, or until it dies after so many changes. */
  const readOnce = async (changesToLive: number): Promise<boolean> => {
    await using indexer = await database.open({ items: source })
    let left = changesToLive
    for await (const change of indexer.changes(cursor === undefined ? {} : { items: cursor })) {
      if (left-- === 0) return false
      if (change.kind === 'put') held.set(change.key, change.content.kind === 'row' ? change.content.row : null)
      if (change.kind === 'delete') held.delete(change.key)
      if (change.kind !== 'checkpoint') continue
      cursor = change.cursor
      unsure ||= change.compare === true
    }
    await indexer.committed?.({ items: cursor ?? null })
    if (!unsure) return true
    const there = new Set((await collect(indexer.keys('items', {}, 'keys'))).map(({ key }) => key))
    for (const key of held.keys()) if (!there.has(key)) held.delete(key)
    unsure = false
    return true
  }

  // Making a slot may take its time on a busy server: nothing is to be written before it is there.
  await readOnce(Infinity)
  const writing = { is: true }
  const written = Promise.all(
    Array.from({ length: writers }, (_, index) => writeAll(database, createRandom(seed + index + 1))),
  ).finally(() => (writing.is = false))
  while (writing.is) if (!(await readOnce(random.int(0, 40) < 25 ? random.int(1, 60) : Infinity))) deaths += 1
  await written
  expect(await readOnce(Infinity)).toBe(true)
  const expected = await database.run(oracle)
  expect(Object.fromEntries(held)).toEqual(Object.fromEntries(expected.map(({ key, row }) => [key, row])))
  expect(deaths).toBeGreaterThan(0)
})
