import { openMysql } from '../../src/semantic/engines/mysql/open.ts'
import { silentLog } from '../../src/core/log.ts'
import type { EngineSql, ServerFixture } from './engine-contract.ts'
import { withMariadb } from './mariadb-databases.ts'
import { openTestMariadb } from './mariadb.ts'
import { openTcpProxy } from './tcp-proxy.ts'

const setup = `create table item (id int primary key, label varchar(100) not null) engine = innodb;
  insert into item values (1, 'one'), (2, 'two'), (3, 'three');
  create table kinds (tiny tinyint, truth tinyint(1), falsehood boolean, big bigint unsigned, dec20 decimal(20, 4), single float,
    moment datetime(6), stamped timestamp(3) null, at time, years year, bits bit(10), bin varbinary(10), doc json, choice enum('a', 'b'));
  insert into kinds values (-7, 1, 0, 18446744073709551615, 1.5, 0.1, '2020-01-31 10:00:00.12', '2020-07-31 08:00:00.001',
    '10:00:00', 2020, b'101', 'A', '{"a": 1}', 'b');
  create procedure wipe() delete from item;
  create sequence counter;`

const mysqlSql: EngineSql = {
  typesFrom: 'kinds',
  types: [
    { sql: 'truth', type: 'boolean', cell: true },
    { sql: 'falsehood', type: 'boolean', cell: false },
    { sql: 'tiny', type: 'number', cell: -7 },
    { sql: '9007199254740991', type: 'number', cell: 9007199254740991 },
    { sql: '9007199254740993', type: 'number', cell: '9007199254740993' },
    { sql: 'big', type: 'number', cell: '18446744073709551615' },
    { sql: 'dec20', type: 'number', cell: 1.5 },
    { sql: '123456789012345.67', type: 'number', cell: '123456789012345.67' },
    { sql: 'single', type: 'number', cell: 0.1 },
    { sql: '1e-1', type: 'number', cell: 0.1 },
    { sql: '1 = 1', type: 'number', cell: 1 },
    { sql: "date '2020-01-31'", type: 'date', cell: '2020-01-31' },
    { sql: "timestamp '2020-01-31 00:00:00'", type: 'timestamp', cell: '2020-01-31T00:00:00' },
    { sql: 'moment', type: 'timestamp', cell: '2020-01-31T10:00:00.12' },
    { sql: 'stamped', type: 'timestamp', cell: '2020-07-31T08:00:00.001' },
    { sql: 'years', type: 'number', cell: 2020 },
    { sql: 'bits', type: 'number', cell: 5 },
    { sql: 'bin', type: 'text', cell: '0x41' },
    { sql: 'doc', type: 'text', cell: '{"a": 1}' },
    { sql: 'choice', type: 'text', cell: 'b' },
    { sql: 'at', type: 'text', cell: '10:00:00' },
    { sql: 'null', type: 'text', cell: null },
  ],
  echo: (text, whole, fraction) => ({ sql: 'select ?, ?, ?, ?', values: [text, whole, fraction, null] }),
  series: (rows) => `with recursive k as (select 0 as i union all select i + 1 from k where i < 999)
    select 1000000 * c.i + 1000 * a.i + b.i as n, left(sha2(b.i, 256), 32) as t from k a, k b, (select i from k where i < 3) c
    limit ${String(rows)}`,
  forever: (marker) => `select /* ${marker} */ benchmark(100000000000, sha2('x', 512))`,
  number: (value) => `select ${String(value)}`,
  fails: (secret) => `select no_such_function('${secret}') from item`,
  hostile: [
    'commit',
    'rollback',
    '',
    'select 1; delete from item',
    'commit; delete from item',
    'delete from item',
    'delete from item returning id',
    "insert into item values (9, 'nine')",
    "insert into item values (9, 'nine') returning id",
    "replace into item values (1, 'x')",
    "update item set label = 'x'",
    'truncate item',
    'drop table item',
    'create table other (i int)',
    'create temporary table item (id int, label text)',
    'select nextval(counter)',
    'select setval(counter, 100)',
    'select * from item for update',
    'analyze delete from item',
    'set session transaction read write',
    'set @@session.tx_read_only = 0',
    'set autocommit = 0',
    "set sql_mode = ''",
    "set time_zone = '+09:00'",
    'set sql_select_limit = 1',
    'set session max_statement_time = 0',
    'start transaction read write',
    'begin',
    "xa start 'x'",
    'savepoint a',
    'call wipe()',
    'do sleep(0)',
    'select 1 into @a',
    "select 1 into outfile '/tmp/aquifer_test_outfile'",
    "load data local infile '/etc/hostname' into table item",
    "load data infile '/etc/hostname' into table item",
    'lock tables item write',
    'flush tables',
    'unlock tables',
    'handler item open',
    "prepare p from 'delete from item'",
    "execute immediate 'delete from item'",
    'begin not atomic delete from item; end',
    'alter table item add column x int',
    'rename table item to gone',
    'create function bad() returns int return 1',
    'kill 1',
    'use mysql',
    'grant all on *.* to app',
    "select load_file('/etc/hostname')",
    'select @a := 1',
    "select get_lock('aquifer', 0)",
    'optimize table item',
    'analyze table item',
  ],
}

/** A database of the run's MariaDB, by way of a network that can break. */
export async function openMysqlFixture(): Promise<ServerFixture> {
  const database = await openTestMariadb()
  await withMariadb(database.url, (run) => run(setup))
  const network = await openTcpProxy(database.url)
  const engine = await openMysql({ name: 'shop', options: { url: network.url, tls: false }, dir: '', log: silentLog })
  return {
    engine,
    network,
    sql: mysqlSql,
    addItem: (id, label) => withMariadb(database.url, (run) => run('insert into item values (?, ?)', [id, label])),
    state: () =>
      withMariadb(database.url, async (run) => [
        await run('select * from item order by id'),
        await run('select * from counter'),
        await run('show tables'),
        await run('show procedure status where db = database()'),
      ]),
    running: (marker) =>
      withMariadb(database.url, async (run) => {
        const sql = 'select id from information_schema.processlist where info like ? and id <> connection_id()'
        return (await run(sql, [`%${marker}%`])).length
      }),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await network[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
