import { expect, test } from 'vitest'
import { collect, compareUtf8 } from '../kit/indexer-reading.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'

const odd = [
  '',
  ' ',
  '"',
  '\\',
  '/',
  '\b\f\n\r\t',
  '\u0001\u001f\u007f',
  '\u2028',
  'é',
  'e\u0301',
  '日本',
  '\uffff',
  '😀',
  '[',
  ',',
  '","',
  'ZZ',
  'a',
  '{}',
  '10',
  '9',
  '-1',
]

test('a key of several columns is the JSON that JavaScript writes, in the order of its bytes', async () => {
  await using database = await openSourceDatabase('create table pair (a text, b text, primary key (a, b))')
  const pairs = odd.flatMap((a) => odd.map((b) => [a, b] as const))
  await database.run('insert into pair select * from unnest($1::text[], $2::text[])', [
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  ])
  const expected = pairs.map((pair) => JSON.stringify(pair)).toSorted(compareUtf8)
  await using indexer = await database.open({ source: { table: 'pair', key: ['a', 'b'] } })
  expect((await collect(indexer.keys('source', {}, 'keys'))).map(({ key }) => key)).toEqual(expected)
  const [from, to] = [expected[100], expected[300]]
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  expect((await collect(indexer.keys('source', range, 'keys'))).map(({ key }) => key)).toEqual(expected.slice(100, 300))
  const { puts } = await database.read({ table: 'pair', key: ['a', 'b'] })
  expect(puts.map(({ key }) => key).toSorted(compareUtf8)).toEqual(expected)
})

test.for([
  ['int', ['1', '10', '2', '-5']],
  ['uuid', ['00000000-0000-0000-0000-00000000000a', 'ffffffff-0000-0000-0000-000000000000']],
  ['timestamptz', ['2024-01-02 03:04:05.000001+00', '2024-01-02 03:04:05+00', '0044-03-15 12:00:00+00 BC', 'infinity']],
  ['numeric', ['1.10', '-0.5', 'NaN']],
  ['float8', ['0.1', '1e-300', '-Infinity']],
  ['bytea', ['\\x00', '\\xff']],
  ['boolean', ['true', 'false']],
  ['citext', ['Mixed', 'lower']],
  ['date', ['2024-01-02', '0044-03-15 BC']],
] as const)('keys of type %s are paged through and found again', async ([type, values]) => {
  await using database = await openSourceDatabase(`create extension citext; create table keyed (k ${type} primary key)`)
  for (const value of values) await database.run(`insert into keyed values ($1::text::${type})`, [value])
  await using indexer = await database.open({ source: { table: 'keyed' } })
  const expected = values.toSorted(compareUtf8)
  const printed = (await collect(indexer.keys('source', {}, 'keys'))).map(({ key }) => key)
  expect(printed).toEqual(expected)
  const { puts } = await database.read({ table: 'keyed' })
  expect(puts.map(({ key }) => key).toSorted(compareUtf8)).toEqual(expected)
})

test('rows that cannot be told apart are set aside, and none is written over another', async () => {
  await using database = await openSourceDatabase(`create table loose (k text, body text);
    insert into loose values ('a', 'one'), ('b', 'two'), ('b', 'three'), ('b', 'four'), ('c', 'five'), (null, 'six'),
      (null, 'seven'), ('', 'eight'), (repeat('x', 2001), 'nine'), ('z', 'ten')`)
  const source = { query: 'select * from loose', key: 'k' }
  const { changes, puts } = await database.read(source)
  expect(puts.map(({ key }) => key)).toEqual(['a', 'c', 'z'])
  expect(
    changes.flatMap((change) =>
      change.kind === 'reject' ? [`${change.code} ${change.key.slice(0, 8)} ${change.message}`] : [],
    ),
  ).toEqual([
    'RECORD_INVALID (empty) Source source: a row has no key: it is empty.',
    'RECORD_INVALID b Source source: several rows have this key.',
    'RECORD_INVALID xxxxxxxx Source source: a key is longer than 2000 characters.',
    'RECORD_INVALID (NULL) Source source: a row has no key: it is NULL.',
  ])
  await using indexer = await database.open({ source })
  const digests = await collect(indexer.keys('source', {}, 'digests'))
  expect(digests.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'z'])
  expect(new Set(digests.map(({ digest }) => digest)).size).toBe(4)
})

test('rows that cannot be told apart are found across pages', async () => {
  await using database = await openSourceDatabase(
    `create table loose as select lpad((n / 2)::text, 5, '0') as k, n from generate_series(2, 4001) n`,
  )
  const { changes, puts } = await database.read({ query: 'select * from loose', key: 'k' })
  expect(puts).toEqual([])
  expect(changes.filter(({ kind }) => kind === 'reject')).toHaveLength(2000)
})

test('the order is that of UTF-8 in a database with another encoding', async () => {
  const words = ['ж', 'ё', 'Ё', 'z', 'я', '№', '—']
  await using database = await openSourceDatabase('create table word (w text primary key)', 'WIN1251')
  await database.run('insert into word select unnest($1::text[])', [words])
  await using indexer = await database.open({ source: { table: 'word' } })
  const keys = (await collect(indexer.keys('source', {}, 'keys'))).map(({ key }) => key)
  expect(keys).toEqual(words.toSorted(compareUtf8))
  expect((await collect(indexer.keys('source', { from: 'ж', to: 'ё' }, 'keys'))).map(({ key }) => key)).toEqual([
    'ж',
    'я',
  ])
})
