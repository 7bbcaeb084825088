import { gzipSync } from 'node:zlib'
import { symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openLake, type Lake } from '../kit/lake.ts'

let many: Lake
beforeAll(async () => {
  many = await openLake({})
})
afterAll(() => many[Symbol.asyncDispose]())

let files = 0

const latin1 = Buffer.from('a,b\n1,caf\u00e9\n', 'latin1')

test.for<[what: string, text: string | Uint8Array, types: string, rows: unknown]>([
  [
    'null as nothing or \\N',
    'n,t\n1,\\N\n,"x"\n3,""\n',
    'number text',
    [
      [1, null],
      [null, 'x'],
      [3, null],
    ],
  ],
  [
    'dates and times',
    'd,t\n2024-01-31,2024-01-31 10:00:00\n\\N,2024-02-01 00:00:00.25\n',
    'date timestamp',
    [
      ['2024-01-31', '2024-01-31T10:00:00'],
      [null, '2024-02-01T00:00:00.25'],
    ],
  ],
  ['days first', 'd\n01/02/2024\n31/01/2024\n', 'date', [['2024-02-01'], ['2024-01-31']]],
  [
    'times with an offset',
    't\n2024-01-31T10:00:00Z\n2024-01-31T10:00:00+02:00\n',
    'timestamp',
    [['2024-01-31T10:00:00'], ['2024-01-31T08:00:00']],
  ],
  ['leading zeros', 'zip\n01234\n20000\n', 'text', [['01234'], ['20000']]],
  ['truth', 'x\ntrue\nfalse\n', 'boolean', [[true], [false]]],
  [
    'big and exact numbers',
    'a,b\n9007199254740993,0.1\n1,-2e3\n',
    'number number',
    [
      ['9007199254740993', 0.1],
      [1, -2000],
    ],
  ],
  [
    'semicolons and quotes',
    'a;b\n"x;1";2\n"say ""hi""";3\n',
    'text number',
    [
      ['x;1', 2],
      ['say "hi"', 3],
    ],
  ],
  ['lines in quotes', 'a,b\n1,"two\nlines"\n', 'number text', [[1, 'two\nlines']]],
  ['a mark of order and CRLF', '\ufeffa,b\r\n1,2\r\n', 'number number', [[1, 2]]],
  [
    'text alone',
    'name,city\nann,paris\nbob,rome\n',
    'text text',
    [
      ['ann', 'paris'],
      ['bob', 'rome'],
    ],
  ],
  [
    'what looks like comments',
    'a,b\n#1,x\n#2,y\n',
    'text text',
    [
      ['#1', 'x'],
      ['#2', 'y'],
    ],
  ],
  [
    'apostrophes',
    "a,b\n'tis,1\nO'Neil,2\n",
    'text number',
    [
      ["'tis", 1],
      ["O'Neil", 2],
    ],
  ],
  ['a head alone', 'a,b\n', 'text text', []],
  ['gzip', gzipSync('a\n1\n'), 'number', [[1]]],
])('CSV: %s', async ([what, text, types, rows]) => {
  const table = `t${String(++files)}`
  await many.write(what === 'gzip' ? `${table}.csv.gz` : `${table}.csv`, text)
  expect((await many.engine.columns(table)).map(({ type }) => type).join(' ')).toBe(types)
  expect(await many.rows(`from ${table}`)).toEqual(rows)
})

test.for<[what: string, name: string, text: string | Uint8Array, failure: string]>([
  [
    'lines of several lengths',
    'uneven.csv',
    'a,b\n1,2\n3\n4,5,6\n',
    'has lines with more or fewer columns than its head',
  ],
  ['another encoding', 'latin.csv', latin1, 'line 2, is not UTF-8'],
  ['nothing', 'nothing.csv', '', 'is empty'],
  ['no Parquet', 'no.parquet', 'a,b\n1,2\n', 'cannot be read as what its name says'],
  ['no gzip', 'no.csv.gz', 'a,b\n1,2\n', 'cannot be read as what its name says'],
  ['no JSON', 'no.json', '{"a": 1', 'cannot be read as what its name says'],
  [
    'ends of line of two kinds',
    'ends.csv',
    'a,b\n1,2\r\n3,4\n',
    'is no CSV whose lines and columns could be told apart',
  ],
])('a file with %s is named, without its content', async ([, name, text, failure]) => {
  await many.write(name, text)
  const place = failure.startsWith('line') ? `${name}, ` : `${name} `
  expect(await many.failure(`from "${name}"`)).toBe(`METRIC_DATA_INVALID Connection lake: ${place}${failure}`)
})

test('a late row that does not fit widens its column instead of breaking it', async () => {
  const numbers = Array.from({ length: 30_000 }, (_, i) => `${String(i)},${String(i)}\n`).join('')
  await using lake = await openLake({ 't.csv': `a,b\n${numbers}x,1.5\n` })
  expect(await lake.rows('select count(*), max(a), sum(b) from t')).toEqual([[30_001, 'x', 449_985_001.5]])
})

test('a large file is seen whole too: late text, late values and late quotes', async () => {
  const pad = 'p'.repeat(600)
  const lines = Array.from({ length: 30_000 }, (_, i) => `${String(i)},${String(i)},,${pad}\n`).join('')
  await using lake = await openLake({
    'even.csv': `a,b,c,d\n${lines}`,
    'filled.csv': `a,b,c,d\n${lines}1,1,7,q\n`,
    'late.csv': `a,b,c,d\n${lines}x,0.5,7,"q,""r"""\n`,
  })
  const types = async (table: string): Promise<readonly string[]> =>
    (await lake.engine.columns(table)).map(({ type }) => type)
  expect(await types('even')).toEqual(['number', 'number', 'text', 'text'])
  expect(await types('filled')).toEqual(['number', 'number', 'number', 'text'])
  expect(await types('late')).toEqual(['text', 'number', 'number', 'text'])
  expect(await lake.rows('select count(*), sum(a), count(c) from even')).toEqual([[30_000, 449_985_000, 0]])
  expect(await lake.rows('select count(*), max(a), sum(b), sum(c), max(d) from late')).toEqual([
    [30_001, 'x', 449_985_000.5, 7, 'q,"r"'],
  ])
})

test('files of one table may order, miss and leave empty their columns', async () => {
  await using lake = await openLake({
    't/1.csv': 'id,amount,note\n1,2.5,x\n',
    't/2.csv': 'amount,id\n4,2\n',
    't/3.csv': 'id;amount;note\n3;;y\n',
    't/4.csv': '',
  })
  expect(await lake.engine.columns('t')).toEqual([
    { name: 'id', type: 'number' },
    { name: 'amount', type: 'number' },
    { name: 'note', type: 'text' },
  ])
  expect(await lake.rows('select id, amount, note from t order by id')).toEqual([
    [1, 2.5, 'x'],
    [2, 4, null],
    [3, null, 'y'],
  ])
})

test('folders key=value are columns, of CSV, JSON and Parquet', async () => {
  await using lake = await openLake({
    'c/year=2023/part=a/1.csv': 'n\n1\n',
    'c/year=2024/part=b/1.csv': 'n\n2\n',
    'j/year=2023/1.ndjson': '{"n":1}\n',
    'j/year=2024/1.ndjson': '{"n":2}\n',
  })
  await lake.copy('select 1 as n', 'p/year=2023/1.parquet')
  await lake.copy('select 2 as n', 'p/year=2024/1.parquet')
  const rows = [
    [1, 2023],
    [2, 2024],
  ]
  for (const table of ['c', 'j', 'p']) {
    expect(await lake.rows(`select n, year from ${table} order by n`)).toEqual(rows)
    expect(await lake.rows(`select n, year from ${table} where year = $1`, [2024])).toEqual([rows[1]])
  }
  expect(await lake.rows('select part from c order by 1')).toEqual([['a'], ['b']])
})

test('JSON is a list or lines of records, whose types are seen over the whole file', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `{"a":${String(i)}}\n`).join('')
  await using lake = await openLake({
    'list.json': '[{"a":1,"d":"2024-01-31","o":{"x":[1,2]}},{"a":2.5,"b":"z"}]',
    'lines.ndjson': `${lines}{"a":0.5,"late":"2024-01-01"}\n`,
    'zipped.json.gz': gzipSync('{"a":1}\n{"a":2}\n'),
  })
  expect(await lake.rows('select a, d, b, o from list')).toEqual([
    [1, '2024-01-31', null, "{'x': [1, 2]}"],
    [2.5, null, 'z', null],
  ])
  expect(await lake.rows('select sum(a), max(late) from lines')).toEqual([[449_985_000.5, '2024-01-01']])
  expect(await lake.rows('select sum(a) from zipped')).toEqual([[3]])
})

test('what stands for nothing can be said', async () => {
  const text = 'a\n1\n\nn/a\n-\n'
  await using lake = await openLake({ 't.csv': text }, { nulls: ['n/a', '-', ''] })
  expect(await lake.rows('select sum(a), count(*) from t')).toEqual([[1, 4]])
  await using plain = await openLake({ 't.csv': 'a,b\n1,-\n2,3\n' }, { nulls: '-' })
  expect(await plain.rows('select sum(b) from t')).toEqual([[3]])
})

test('one file is a connection too, and so is a folder reached over links', async () => {
  await using lake = await openLake({ 'orders.csv': 'a\n1\n', 'other.csv': 'a\n5\n' })
  await symlink(lake.path, join(dirname(lake.path), 'link'))
  await symlink(join(lake.path, 'other.csv'), join(lake.path, 'again.csv'))
  await symlink(lake.path, join(lake.path, 'round'))
  await using one = await openLake({}, { path: join(lake.path, 'orders.csv') })
  expect(await one.rows('select a from orders')).toEqual([[1]])
  expect(await one.failure('from other')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table other; known: orders',
  )
  await using linked = await openLake({}, { path: join(dirname(lake.path), 'link') })
  expect(await linked.rows('select a from again union all from "orders.csv"')).toEqual([[5], [1]])
  expect(await linked.failure('from nope')).toBe(
    'METRIC_TABLE_UNKNOWN Connection lake: there is no table nope; known: again, orders, other',
  )
})

test('a link that leads out of the folder is followed, also when it comes later', async () => {
  await using away = await openLake({ 'far.csv': 'a\n7\n', 'deep/x.csv': 'a\n8\n' })
  await using lake = await openLake({ 'near.csv': 'a\n1\n' })
  expect(await lake.rows('from near')).toEqual([[1]])
  await symlink(join(away.path, 'far.csv'), join(lake.path, 'far.csv'))
  await symlink(join(away.path, 'deep'), join(lake.path, 'deep'))
  expect(await lake.rows('from far union all from near union all from deep')).toEqual([[7], [1], [8]])
})

test('hidden files and other kinds are no tables', async () => {
  await using lake = await openLake({
    '.secret.csv': 'a\n1\n',
    '_tmp/x.csv': 'a\n1\n',
    'notes.md': 'a',
    'ok.csv': 'a\n1\n',
  })
  expect(await lake.failure('from x')).toBe('METRIC_TABLE_UNKNOWN Connection lake: there is no table x; known: ok')
  expect(await lake.engine.check?.()).toEqual([])
})

test('check says what is missing', async () => {
  await using empty = await openLake({ 'notes.md': 'a' })
  expect(await empty.engine.check?.()).toEqual(['Connection lake: there is no Parquet, CSV or JSON file in it.'])
  await using named = await openLake({ 'a.csv': 'a\n' }, { tables: { b: 'c/*.csv' } })
  await expect(named.engine.check?.()).rejects.toMatchObject({ code: 'METRIC_TABLE_UNKNOWN' })
  await using gone = await openLake({}, { path: '/nowhere/at/all' })
  expect(await gone.failure('select 1')).toBe(
    'METRIC_ENGINE_UNREACHABLE Connection lake: its path is not there (ENOENT)',
  )
})

test('a statement that comes again reads what its files hold now, whatever kind of values it brings', async () => {
  await using lake = await openLake({ 'item.csv': 'id,size\n1,10\n2,20.5\n' })
  const sql = 'select id, size from item where size > $1 order by id'
  expect(await lake.rows(sql, [15])).toEqual([[2, 20.5]])
  expect(await lake.rows(sql, [10.5])).toEqual([[2, 20.5]])
  expect(await lake.rows(sql, [null])).toEqual([])
  expect(await lake.rows(sql, [5_000_000_000])).toEqual([])
  expect(await lake.rows(sql, [0])).toEqual([
    [1, 10],
    [2, 20.5],
  ])
  await lake.write('item.csv', 'id,colour,size\n7,red,40\n')
  expect(await lake.rows(sql, [15])).toEqual([[7, 40]])
  await lake.write('item.csv', 'id,size\nx,99\n')
  expect(await lake.rows(sql, [15])).toEqual([['x', 99]])
})
