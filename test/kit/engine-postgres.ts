import { openPostgres } from '../../src/semantic/engines/postgres/open.ts'
import { silentLog } from '../../src/core/log.ts'
import type { EngineSql, ServerFixture } from './engine-contract.ts'
import { openSourceDatabase, reader } from './postgres-source.ts'
import { openTcpProxy } from './tcp-proxy.ts'

export const itemSetup = `create table item (id int primary key, label text not null);
  insert into item values (1, 'one'), (2, 'two'), (3, 'three');
  create sequence counter;`

/** What is said to Postgres, embedded or not. */
export const postgresSql: EngineSql = {
  types: [
    { sql: '1::smallint', type: 'number', cell: 1 },
    { sql: '-7::int', type: 'number', cell: -7 },
    { sql: '9007199254740991::bigint', type: 'number', cell: 9007199254740991 },
    { sql: '9007199254740993::bigint', type: 'number', cell: '9007199254740993' },
    { sql: '0.1::real', type: 'number', cell: 0.1 },
    { sql: '0.1::double precision', type: 'number', cell: 0.1 },
    { sql: "'-0'::double precision", type: 'number', cell: 0 },
    { sql: "'NaN'::double precision", type: 'number', cell: 'NaN' },
    { sql: '1.50::numeric', type: 'number', cell: 1.5 },
    { sql: '123456789012345.67::numeric(20, 2)', type: 'number', cell: '123456789012345.67' },
    { sql: '0.000::numeric', type: 'number', cell: 0 },
    { sql: 'true', type: 'boolean', cell: true },
    { sql: 'null::boolean', type: 'boolean', cell: null },
    { sql: "date '2020-01-31'", type: 'date', cell: '2020-01-31' },
    { sql: "timestamp '2020-01-31 10:00'", type: 'timestamp', cell: '2020-01-31T10:00:00' },
    { sql: "timestamp '2020-01-31 10:00:00.120'", type: 'timestamp', cell: '2020-01-31T10:00:00.12' },
    { sql: "timestamptz '2020-07-31 10:00:00.000001+02'", type: 'timestamp', cell: '2020-07-31T08:00:00.000001' },
    { sql: "'text'::varchar(10)", type: 'text', cell: 'text' },
    { sql: "interval '1 day 2 hours'", type: 'text', cell: 'P1DT2H' },
    { sql: "'{1,2}'::int[]", type: 'text', cell: '{1,2}' },
    { sql: `'{"a": 1}'::jsonb`, type: 'text', cell: '{"a": 1}' },
    { sql: "'\\x41'::bytea", type: 'text', cell: '\\x41' },
    { sql: "'b0000000-0000-4000-8000-000000000001'::uuid", type: 'text', cell: 'b0000000-0000-4000-8000-000000000001' },
    { sql: "time '10:00'", type: 'text', cell: '10:00:00' },
    { sql: 'null', type: 'text', cell: null },
  ],
  echo: (text, whole, fraction) => ({
    sql: 'select $1::text, $2::int, $3::float8, $4::text',
    values: [text, whole, fraction, null],
  }),
  series: (rows) =>
    `select i * 1000 + j as n, md5(j::text) from generate_series(0, ${String(Math.ceil(rows / 1000) - 1)}) i,
      generate_series(0, 999) j limit ${String(rows)}`,
  forever: (marker) =>
    `select count(*) /* ${marker} */ from generate_series(1, 100000) a, generate_series(1, 100000) b where a.a # b.b = -1`,
  number: (value) => `select ${String(value)}`,
  fails: (secret) => `select '${secret}'::int`,
  hostile: [
    'commit',
    'rollback',
    '',
    'select 1; delete from item',
    'commit; delete from item',
    'delete from item',
    'delete from item returning id',
    "insert into item values (9, 'nine')",
    "update item set label = 'x'",
    'truncate item',
    'drop table item',
    'create table other (i int)',
    'create temporary table item (id int, label text)',
    'with gone as (delete from item returning id) select * from gone',
    "select nextval('counter')",
    "select setval('counter', 100)",
    'select * from item for update',
    'explain analyze delete from item',
    'set default_transaction_read_only = off',
    "select set_config('default_transaction_read_only', 'off', false)",
    "select set_config('transaction_read_only', 'off', true)",
    "select set_config('transaction_read_only', 'off', true) from (select 1) one; delete from item",
    "select set_config('search_path', 'pg_catalog', false)",
    "select set_config('statement_timeout', '0', false)",
    "select set_config('TimeZone', 'Asia/Tokyo', false), set_config('DateStyle', 'German', false)",
    'set session authorization postgres',
    'begin',
    'prepare transaction $$x$$',
    'savepoint a',
    'copy item to stdout',
    "copy item from '/dev/null'",
    "copy item to program 'true'",
    'do $$ begin delete from item; end $$',
    'listen everything',
    "select pg_notify('everything', 'x')",
    'deallocate all',
    'discard all',
    'lock table item in access exclusive mode',
    'select lo_create(0)',
    'vacuum item',
    'alter table item add column x int',
    "create function bad() returns int language sql as 'select 1'",
    'declare c cursor for select 1',
  ],
}

/** A database of the run's Postgres, asked as the role that may only read, by way of a network that can break. */
export async function openPostgresFixture(): Promise<ServerFixture> {
  const database = await openSourceDatabase(`${itemSetup} grant select on item to ${reader}`)
  const network = await openTcpProxy(database.url)
  const engine = await openPostgres({ name: 'shop', options: { url: network.url }, dir: '', log: silentLog })
  return {
    engine,
    network,
    sql: postgresSql,
    addItem: (id, label) => database.run('insert into item values ($1, $2)', [id, label]),
    state: () =>
      database.run(`select (select last_value from counter), (select is_called from counter), (select json_agg(item order by id) from item) as items,
        (select json_agg(relname order by oid) from pg_class where oid >= 16384 and relkind <> 't') as relations,
        (select count(*) from pg_proc where oid >= 16384) as functions`),
    running: async (marker) => {
      const [row] = await database.run(
        `select count(*)::int as n from pg_stat_activity where query like $1 and state = 'active' and pid <> pg_backend_pid()`,
        [`%${marker}%`],
      )
      return Number(row?.['n'])
    },
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await network[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
