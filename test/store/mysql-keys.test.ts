import { expect, test } from 'vitest'
import { collect, compareUtf8 } from '../kit/indexer-reading.ts'
import { openMysqlDatabase } from '../kit/mysql-source.ts'

/** Type of a key column, values as SQL, the keys they make. */
const kinds: readonly (readonly [type: string, values: readonly string[], keys: readonly string[]])[] = [
  ['tinyint', ['-128', '127', '0'], ['-128', '127', '0']],
  ['mediumint', ['-8388608', '8388607'], ['-8388608', '8388607']],
  ['int(6) unsigned zerofill', ['42', '4294967295'], ['42', '4294967295']],
  ['bigint', ['-9223372036854775808', '-1', '9007199254740993'], ['-9223372036854775808', '-1', '9007199254740993']],
  [
    'bigint unsigned',
    ['18446744073709551615', '9223372036854775808', '1'],
    ['18446744073709551615', '9223372036854775808', '1'],
  ],
  [
    'decimal(30, 10)',
    ["'12345678901234567890.0123456789'", '-1', '0'],
    ['12345678901234567890.0123456789', '-1.0000000000', '0.0000000000'],
  ],
  ['decimal(20, 0)', ['99999999999999999999', '-100000000000'], ['99999999999999999999', '-100000000000']],
  ['decimal(9, 9)', ['0.123456789', '-0.000000001'], ['0.123456789', '-0.000000001']],
  ['date', ["'2024-02-29'", "'0000-00-00'"], ['2024-02-29', '0000-00-00']],
  ['datetime', ["'2024-02-29 01:02:03'", "'0000-00-00 00:00:00'"], ['2024-02-29 01:02:03', '0000-00-00 00:00:00']],
  [
    'datetime(3)',
    ["'2024-02-29 01:02:03.004'", "'9999-12-31 23:59:59.999'"],
    ['2024-02-29 01:02:03.004', '9999-12-31 23:59:59.999'],
  ],
  ['datetime(6)', ["'2024-02-29 01:02:03.000004'"], ['2024-02-29 01:02:03.000004']],
  ['timestamp', ["'2024-07-01 02:00:00'", "'2038-01-19 03:14:07'"], ['2024-07-01 02:00:00', '2038-01-19 03:14:07']],
  ['timestamp(5)', ["'2024-07-01 02:00:00.00012'"], ['2024-07-01 02:00:00.00012']],
  ['time', ["'-838:59:59'", "'01:02:03'", "'-00:00:01'"], ['-838:59:59', '01:02:03', '-00:00:01']],
  [
    'time(6)',
    ["'-00:00:00.000001'", "'100:00:00.5'", "'-01:02:03.999999'"],
    ['-00:00:00.000001', '100:00:00.500000', '-01:02:03.999999'],
  ],
  ['year', ['1901', '2155', '0'], ['1901', '2155', '0000']],
  ['char(10)', ["'ab'", "'Zoë'"], ['ab', 'Zoë']],
  ['char(100) character set utf8mb4', ["'日本'", "'😀'"], ['日本', '😀']],
  ['varchar(500)', ["'it''s \"x\" \\\\ y'", "'tab\\there'"], ['it\'s "x" \\ y', 'tab\there']],
  ['varchar(20) character set latin1', ["'Zoë €'", "x'819d'"], ['Zoë €', '\x81\x9d']],
  ['varchar(20) character set ascii', ["'plain'"], ['plain']],
  ['varchar(20) character set ucs2', ["'日本'"], ['日本']],
  ['varchar(20) character set utf16', ["'😀'"], ['😀']],
  ['varchar(20) character set utf16le', ["'😀 é'"], ['😀 é']],
  ['varchar(20) character set utf32', ["'😀 é'"], ['😀 é']],
  ['varchar(20) character set utf8mb3', ["'日本'"], ['日本']],
  ['binary(4)', ["x'00ff00'", "x'00000000'"], ['0x00ff0000', '0x00000000']],
  ['varbinary(20)', ["x'00ff00'", "x'7f'"], ['0x00ff00', '0x7f']],
  ["enum('b', 'a', 'é')", ["'a'", "'b'", "'é'"], ['a', 'b', 'é']],
]

const setup = "set sql_mode = '', time_zone = '+00:00';"

test.for(kinds)(
  'a key of type %s is the same in the table, in the log and in the order of keys',
  async ([type, values, keys]) => {
    for (const extra of ['', ', part int not null default 7']) {
      const key = extra === '' ? 'k' : 'k, part'
      await using database = await openMysqlDatabase(
        `${setup} create table kinds (k ${type} not null${extra}, body int not null, primary key (${key}))`,
      )
      const spell = (texts: readonly string[]): string[] =>
        texts.map((text) => (extra === '' ? text : JSON.stringify([text, '7']))).toSorted(compareUtf8)
      const source = { table: 'kinds' }
      const empty = await database.read(source)
      const write = (body: number): Promise<unknown> =>
        database.run(values.map((value) => `replace into kinds (k, body) values (${value}, ${body})`).join(';'))
      await write(1)
      const inserted = await database.read(source, empty.cursor)
      expect(inserted.puts.map((put) => put.key).toSorted(compareUtf8)).toEqual(spell(keys))
      const whole = await database.read(source)
      expect(whole.puts.map((put) => put.key).toSorted(compareUtf8)).toEqual(spell(keys))
      {
        await using indexer = await database.open({ source })
        expect((await collect(indexer.keys('source', {}, 'keys'))).map((each) => each.key)).toEqual(spell(keys))
      }
      await database.run('update kinds set body = body + 1')
      const updated = await database.read(source, inserted.cursor)
      expect(updated.changes.filter(({ kind }) => kind === 'delete')).toEqual([])
      expect(updated.puts.map((put) => put.key).toSorted(compareUtf8)).toEqual(spell(keys))
      await database.run('delete from kinds')
      const gone = await database.read(source, updated.cursor)
      const deleted = gone.changes.flatMap((change) => (change.kind === 'delete' ? [change.key] : []))
      expect(deleted.toSorted(compareUtf8)).toEqual(spell(keys))
    }
  },
)

test('every byte of latin1 is the same text in the log as in the table', async () => {
  await using database = await openMysqlDatabase(
    'create table kinds (k varchar(9) character set latin1 collate latin1_bin primary key)',
  )
  const empty = await database.read({ table: 'kinds' })
  const bytes = Array.from({ length: 255 }, (_, at) => at + 1).filter((byte) => byte !== 0x20)
  await database.run(
    `insert into kinds values ${bytes.map((byte) => `(x'${byte.toString(16).padStart(2, '0')}')`).join(', ')}`,
  )
  const inserted = await database.read({ table: 'kinds' }, empty.cursor)
  expect(inserted.puts).toHaveLength(bytes.length)
  expect(inserted.changes.filter(({ kind }) => kind === 'delete')).toEqual([])
})

const refused: readonly (readonly [type: string, problem: string])[] = [
  ['float', 'is of type float'],
  ['bit(8)', 'is of type bit'],
  ['uuid', 'is of type uuid'],
  ["set('a', 'b')", 'is of type set'],
  ["enum('a,b')", 'is an ENUM whose values hold commas or quotes'],
  ['varchar(9) character set gbk', 'has the character set gbk'],
  ['decimal(5, 2) zerofill', 'is a DECIMAL with ZEROFILL'],
]

test.for(refused)('a key of type %s is refused: the log does not tell it exactly', async ([type, problem]) => {
  await using database = await openMysqlDatabase(`create table kinds (k ${type} primary key)`)
  await expect(database.read({ table: 'kinds' })).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: `Source source: the key column k ${problem}, which cannot be told exactly from the log`,
  })
})

test('a key that changes is a delete and a put, also where only its case does', async () => {
  await using database = await openMysqlDatabase(
    "create table kinds (k varchar(20) primary key, n int); insert into kinds values ('Abc', 1), ('other', 1)",
  )
  const first = await database.read({ table: 'kinds' })
  await database.run("update kinds set k = 'ABC' where k = 'abc'; update kinds set k = 'new' where k = 'other'")
  const { changes } = await database.read({ table: 'kinds' }, first.cursor)
  expect(
    changes.flatMap((change) => (change.kind === 'checkpoint' ? [] : [`${change.kind} ${change.key}`])).toSorted(),
  ).toEqual(['delete Abc', 'delete other', 'put ABC', 'put new'])
})

test('rows whose key cannot be kept are set aside, and pages go on after them', async () => {
  await using database = await openMysqlDatabase(
    "create table kinds (k varchar(700) primary key, n int); insert into kinds values ('', 1), ('a', 1)",
  )
  const first = await database.read({ table: 'kinds' })
  expect(first.changes.map((change) => change.kind)).toEqual(['reject', 'put', 'checkpoint', 'checkpoint'])
})
