import { expect, test } from 'vitest'
import type { Json } from '../../schemas/record.ts'
import { collect } from '../kit/indexer-reading.ts'
import { openMysqlDatabase } from '../kit/mysql-source.ts'

/** Column type, value as SQL, value as JSON. */
const values: readonly (readonly [type: string, sql: string, json: Json])[] = [
  ['tinyint', '-128', -128],
  ['tinyint(1)', '2', 2],
  ['int unsigned', '4294967295', 4294967295],
  ['int(8) unsigned zerofill', '42', 42],
  ['bigint', '-9223372036854775808', '-9223372036854775808'],
  ['bigint', '7', '7'],
  ['bigint unsigned', '18446744073709551615', '18446744073709551615'],
  ['decimal(30, 10)', "'12345678901234567890.0123456789'", '12345678901234567890.0123456789'],
  ['decimal(5, 2)', "'-0.50'", '-0.50'],
  ['decimal(6, 2) unsigned zerofill', '1.5', '1.50'],
  ['float', '0.1', 0.1],
  ['float', '16777215', 16777215],
  ['float', '1.17549435e-38', 1.1754944e-38],
  ['double', '0.1', 0.1],
  ['double', '1.7976931348623157e308', 1.7976931348623157e308],
  ['double(10, 2)', '1.25', 1.25],
  ['year', '2020', 2020],
  ['year', '0', 0],
  ['date', "'2024-02-29'", '2024-02-29'],
  ['date', "'0000-00-00'", '0000-00-00'],
  ['datetime', "'2024-02-29 23:59:59'", '2024-02-29T23:59:59'],
  ['datetime(6)', "'2024-02-29 23:59:59.000001'", '2024-02-29T23:59:59.000001'],
  ['datetime', "'0000-00-00 00:00:00'", '0000-00-00 00:00:00'],
  ['datetime', "'2024-00-00 00:00:00'", '2024-00-00 00:00:00'],
  ['timestamp(3) null', "'2024-07-01 02:00:00.123'", '2024-07-01T00:00:00.123Z'],
  ['time(2)', "'-838:59:58.99'", '-838:59:58.99'],
  ['char(5)', "'ab  '", 'ab'],
  ['varchar(20) character set latin1', "'Zoë €'", 'Zoë €'],
  ['varchar(20) character set sjis', "'日本'", '日本'],
  ['varchar(20)', "'😀 x '", '😀 x '],
  ['text', "''", ''],
  ['binary(4)', "x'00ff00'", '0x00ff0000'],
  ['varbinary(4)', "x'00ff00'", '0x00ff00'],
  ['blob', "x''", '0x'],
  ['bit(1)', "b'1'", 1],
  ['bit(64)', '18446744073709551615', '18446744073709551615'],
  ["enum('a', 'it''s, b')", "'it''s, b'", "it's, b"],
  ["set('x', 'y', 'z')", "'z,x'", 'x,z'],
  [
    'json',
    `'{"n": 9007199254740993, "d": 1.50, "a": [null, true, "é"]}'`,
    { n: '9007199254740993', d: 1.5, a: [null, true, 'é'] },
  ],
  ['uuid', "'123e4567-e89b-12d3-a456-426655440000'", '123e4567-e89b-12d3-a456-426655440000'],
  ['inet6', "'2001:db8::ff00:42:8329'", '2001:db8::ff00:42:8329'],
  ['point', 'point(1, 2)', '0x000000000101000000000000000000f03f0000000000000040'],
  ['int', 'null', null],
]

const insert = (id: number): string =>
  `set sql_mode = '', time_zone = '+02:00'; insert into kinds values (${id}, ${values.map(([, sql]) => sql).join(', ')})`
const expected = Object.fromEntries(values.map(([, , json], at) => [`c${at}`, json]))

test('no value is rounded or changed, whether it is read from the table or after the log named it', async () => {
  const columns = values.map(([type], at) => `c${at} ${type}`).join(', ')
  await using database = await openMysqlDatabase(`create table kinds (id int primary key, ${columns}); ${insert(1)}`)
  const first = await database.read({ table: 'kinds' })
  expect(first.rows['1']).toEqual({ id: 1, ...expected })
  await database.run(insert(2))
  const second = await database.read({ table: 'kinds' }, first.cursor)
  expect(second.rows).toEqual({ '2': { id: 2, ...expected } })
  await database.run('update kinds set c0 = 0; update kinds set c0 = -128')
  const third = await database.read({ table: 'kinds' }, second.cursor)
  expect(third.puts.find(({ key }) => key === '1')?.digest).toBe(first.puts[0]?.digest)
  await using indexer = await database.open({ source: { table: 'kinds' } })
  expect(await collect(indexer.keys('source', {}, 'digests'))).toEqual([
    { key: '1', digest: first.puts[0]?.digest },
    { key: '2', digest: second.puts[0]?.digest },
  ])
})

/** What differs by so little that a rounded text would hide it. */
const near: readonly (readonly [type: string, one: string, other: string])[] = [
  ['float', '16777214', '16777215'],
  ['double', '0.1', '0.10000000000000002'],
  ['double(10, 2)', '1.25', '1.26'],
  ['bit(8)', '1', '2'],
  ['varchar(9)', "'a'", "'a '"],
  ['varchar(9) character set latin1', "'ä'", "'Ä'"],
  ['timestamp(6) null', "'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"],
  ['blob', "x'00'", "x'0000'"],
  ['varchar(9)', "''", 'null'],
  ['point', 'point(1, 2)', 'point(1, 3)'],
]

test.for(near)('%s: %s and %s have digests of their own', async ([type, one, other]) => {
  await using database = await openMysqlDatabase(
    `create table kinds (id int primary key, c ${type}); insert into kinds values (1, ${one})`,
  )
  const first = await database.read({ table: 'kinds' })
  await database.run(`update kinds set c = ${other}`)
  const second = await database.read({ table: 'kinds' }, first.cursor)
  expect(second.puts[0]?.digest).not.toBe(first.puts[0]?.digest)
})

test('a row whose column became another type is another row, though its text is the same', async () => {
  await using database = await openMysqlDatabase(
    'create table kinds (id int primary key, amount int); insert into kinds values (1, 5)',
  )
  const before = await database.read({ table: 'kinds' })
  await database.run('alter table kinds modify amount varchar(20)')
  const after = await database.read({ table: 'kinds' })
  expect([before.rows, after.rows]).toEqual([{ 1: { id: 1, amount: 5 } }, { 1: { id: 1, amount: '5' } }])
  expect(after.puts[0]?.digest).not.toBe(before.puts[0]?.digest)
})

test('columns that SELECT * leaves out are left out', async () => {
  await using database = await openMysqlDatabase(
    'create table kinds (id int primary key, hidden int invisible default 1, twice int as (id * 2)); insert into kinds (id) values (4)',
  )
  expect((await database.read({ table: 'kinds' })).rows).toEqual({ '4': { id: 4, twice: 8 } })
})
