import { expect, test } from 'vitest'
import { Row } from '../../schemas/record.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'

/** SQL of a value, and what it must become. */
const values: readonly (readonly [sql: string, json: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null::text', null],
  ["''::text", ''],
  ["'NULL'::text", 'NULL'],
  ['E\'line\\nbreak \\\\ "quote" \\u65e5\'::text', 'line\nbreak \\ "quote" 日'],
  ["'ab'::char(4)", 'ab  '],
  ['\'x\'::"char"', 'x'],
  ["'name'::name", 'name'],
  ['(-32768)::int2', -32768],
  ['2147483647::int4', 2147483647],
  ['4294967295::oid', 4294967295],
  ['9007199254740993::int8', '9007199254740993'],
  ["'-9223372036854775808'::int8", '-9223372036854775808'],
  ['1.10::numeric', '1.10'],
  ['123456789012345678901234567890.123456789::numeric', '123456789012345678901234567890.123456789'],
  ["'NaN'::numeric", 'NaN'],
  ['12.50::money', '$12.50'],
  ['0.1::float4', 0.1],
  ['0.1::float8 + 0.2::float8', 0.30000000000000004],
  ['1e308::float8', 1e308],
  ["'NaN'::float8", 'NaN'],
  ["'-Infinity'::float4", '-Infinity'],
  ["'-0'::float8", '-0'],
  ["'2024-02-29'::date", '2024-02-29'],
  ["'0044-03-15 BC'::date", '0044-03-15 BC'],
  ["'infinity'::date", 'infinity'],
  ["'12345-06-07'::date", '12345-06-07'],
  ["'23:59:59.999999'::time", '23:59:59.999999'],
  ["'23:59:59.5+05:30'::timetz", '23:59:59.5+05:30'],
  ["'23:59:59+02'::timetz", '23:59:59+02:00'],
  ["'2024-01-02 03:04:05.123456'::timestamp", '2024-01-02T03:04:05.123456'],
  ["'2024-01-02 03:04:05'::timestamp", '2024-01-02T03:04:05'],
  ["'2024-01-02 03:04:05.000001+02'::timestamptz", '2024-01-02T01:04:05.000001Z'],
  ["'infinity'::timestamptz", 'infinity'],
  ["'-infinity'::timestamp", '-infinity'],
  ["'0044-03-15 12:00:00 BC'::timestamp", '0044-03-15 12:00:00 BC'],
  ["'1 year 2 mons 3 days 04:05:06.789'::interval", 'P1Y2M3DT4H5M6.789S'],
  ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ["'happy'::mood", 'happy'],
  ['\'{happy,"so so"}\'::mood[]', ['happy', 'so so']],
  ['7::positive', 7],
  ["'{7,8}'::positive[]", [7, 8]],
  ["'Mixed Case'::citext", 'Mixed Case'],
  ['\'{"a": 1.50, "b": [true, null, "x"]}\'::jsonb', { a: 1.5, b: [true, null, 'x'] }],
  ['\'{"id": 12345678901234567890, "n": 0.1}\'::jsonb', { id: '12345678901234567890', n: 0.1 }],
  ["'1e400'::jsonb", `1${'0'.repeat(400)}`],
  ['\'"text"\'::json', 'text'],
  ["'null'::jsonb", null],
  ['\'{"a": 1, "a": 2}\'::json', '{"a": 1, "a": 2}'],
  ['\'{"a": "\\u0000"}\'::json', '{"a": "\\u0000"}'],
  ['\'["\\ud800"]\'::json', '["\\ud800"]'],
  ["'\\xdeadbeef'::bytea", '\\xdeadbeef'],
  ["''::bytea", '\\x'],
  ["'{}'::int[]", []],
  [
    "'{{1,2},{3,NULL}}'::int[]",
    [
      [1, 2],
      [3, null],
    ],
  ],
  ["'[0:1]={5,6}'::int[]", [5, 6]],
  ["'[2:3][0:0]={{5},{6}}'::int[]", [[5], [6]]],
  [
    "array['a,b', 'say \"so\"', 'back\\slash', '', 'NULL', '{}', ' ', null]",
    ['a,b', 'say "so"', 'back\\slash', '', 'NULL', '{}', ' ', null],
  ],
  ['array[9007199254740993, 1]::int8[]', ['9007199254740993', '1']],
  ["array['2024-01-02 03:04:05+00']::timestamptz[]", ['2024-01-02T03:04:05Z']],
  ['array[\'{"a": 1}\']::jsonb[]', [{ a: 1 }]],
  ["array['\\x00ff']::bytea[]", ['\\x00ff']],
  ["array['((0,0),(1,1))', '((2,2),(3,3))']::box[]", ['(1,1),(0,0)', '(3,3),(2,2)']],
  ["'1 2'::int2vector", '1 2'],
  ["'[1,5)'::int4range", '[1,5)'],
  ["'{[1,3),[5,7)}'::int4multirange", '{[1,3),[5,7)}'],
  ["row(1, 'a, b')::pair", '(1,"a, b")'],
  ["array[row(1, 'x'), null]::pair[]", ['(1,x)', null]],
  ["to_tsvector('simple', 'b a')", "'a':2 'b':1"],
  ["'(1,2)'::point", '(1,2)'],
  ["'192.168.0.1/24'::inet", '192.168.0.1/24'],
  ["'101'::bit(3)", '101'],
  ["'<a>b</a>'::xml", '<a>b</a>'],
  ["'a => 1'::hstore", '"a"=>"1"'],
  ["'[1,2.5]'::vector", '[1,2.5]'],
  ["'[1,2.5]'::halfvec", '[1,2.5]'],
]

const setup = `create type mood as enum ('happy', 'so so'); create domain positive as int check (value > 0);
  create type pair as (n int, t text); create extension citext; create extension hstore; create extension vector;`

test('every type arrives without loss', async () => {
  await using database = await openSourceDatabase(setup)
  const columns = values.map(([sql], at) => `${sql} as c${at}`).join(', ')
  await database.run(`create table everything as select 'key'::text as key, ${columns}`)
  await database.run('alter table everything add primary key (key)')
  const { rows } = await database.read({ table: 'public.everything' })
  const row = Row.parse(rows['key'])
  expect(values.map(([sql], at) => [sql, row[`c${at}`]])).toEqual(values)
})

test('what Postgres prints does not depend on the settings of server, database or role', async () => {
  await using database =
    await openSourceDatabase(`create table t as select 1 as id, '2024-01-02 03:04:05+00'::timestamptz as at,
      '1 day 2 hours'::interval as span, '\\xff'::bytea as bytes, 1/3.0::float8 as third; alter table t add primary key (id);`)
  const before = await database.read({ table: 't' })
  await database.run(`do $$ begin
    execute format('alter database %I set timezone = ''Asia/Kathmandu''', current_database());
    execute format('alter database %I set datestyle = ''German, DMY''', current_database());
    execute format('alter database %I set intervalstyle = ''postgres_verbose''', current_database());
    execute format('alter database %I set bytea_output = ''escape''', current_database());
    execute format('alter database %I set extra_float_digits = -3', current_database()); end $$`)
  const after = await database.read({ table: 't' })
  expect(after.puts[0]?.digest).toBe(before.puts[0]?.digest)
  expect(after.rows).toEqual({
    '1': { id: 1, at: '2024-01-02T03:04:05Z', span: 'P1DT2H', bytes: '\\xff', third: 0.3333333333333333 },
  })
})

test('a digest tells NULL from the empty text, and one column from another', async () => {
  await using database = await openSourceDatabase(`create table t (id int primary key, a text, b text);
    insert into t values (1, null, ''), (2, '', null), (3, 'x', null), (4, null, 'x')`)
  const { puts } = await database.read({ query: `select 'same' as k, a, b, id from t`, key: 'id' })
  const digests = await Promise.all(
    [1, 2, 3, 4].map(async (id) => {
      const { puts } = await database.read({ query: `select 1 as id, a, b from t where id = ${id}`, key: 'id' })
      return puts[0]?.digest
    }),
  )
  expect(new Set(digests).size).toBe(4)
  expect(new Set(puts.map(({ digest }) => digest)).size).toBe(4)
})
