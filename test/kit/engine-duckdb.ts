import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { EngineFixture, EngineSql } from './engine-contract.ts'
import { openAsking, runDuckDb } from './lake.ts'
import { openTempDir } from './temp-dir.ts'

const outside = join(tmpdir(), 'aquifer-test-duckdb-out')

const duckdbSql: EngineSql = {
  types: [
    { sql: '1::tinyint', type: 'number', cell: 1 },
    { sql: '9007199254740993::bigint', type: 'number', cell: '9007199254740993' },
    { sql: '0.1::real', type: 'number', cell: 0.1 },
    { sql: "'-0'::double", type: 'number', cell: 0 },
    { sql: '1.50::decimal(5, 2)', type: 'number', cell: 1.5 },
    { sql: 'true', type: 'boolean', cell: true },
    { sql: "date '2020-01-31'", type: 'date', cell: '2020-01-31' },
    { sql: "timestamp '2020-01-31 10:00:00.120'", type: 'timestamp', cell: '2020-01-31T10:00:00.12' },
    { sql: "timestamptz '2020-07-31 10:00:00.000001+02'", type: 'timestamp', cell: '2020-07-31T08:00:00.000001' },
    { sql: "time '10:00:00'", type: 'text', cell: '10:00:00' },
    { sql: 'null::varchar', type: 'text', cell: null },
  ],
  echo: (text, whole, fraction) => ({
    sql: 'select cast($1 as varchar), cast($2 as bigint), cast($3 as double), cast($4 as varchar)',
    values: [text, whole, fraction, null],
  }),
  series: (rows) => `select range as n, md5(range::text) from range(${String(rows)})`,
  forever: (marker) => `select sum(a.range * b.range % 7) /* ${marker} */ from range(1000000) a, range(1000000) b`,
  number: (value) => `select ${String(value)}`,
  fails: (secret) => `select '${secret}'::int`,
  hostile: [
    'commit',
    'begin',
    '',
    'select 1; delete from item',
    'delete from item',
    'delete from item returning id',
    "insert into item values (9, 'nine')",
    "update item set label = 'x'",
    'drop table item',
    'drop view item',
    'create table other (i int)',
    'create temp table item (id int, label text)',
    "create or replace view item as select 9 as id, 'nine' as label",
    'explain analyze delete from item',
    "set memory_limit = '1KB'",
    "set timezone = 'Asia/Tokyo'",
    'use memory',
    "attach ':memory:' as other",
    'detach memory',
    `copy item to '${outside}'`,
    `copy item from '${outside}'`,
    `export database '${outside}'`,
    'call enable_profiling()',
    `select * from enable_logging(storage = 'file', storage_path = '${outside}')`,
    "select * from query('delete from item')",
    "select * from read_csv('/etc/passwd')",
    'checkpoint',
    'vacuum',
    'prepare x as select 1',
    'install httpfs',
  ],
}

/** A folder with the file `item.csv`, which is written anew for each item. */
export async function openFolderFixture(): Promise<EngineFixture> {
  const dir = await openTempDir()
  const path = join(dir.path, 'data')
  const file = join(path, 'item.csv')
  await mkdir(path)
  await writeFile(file, 'id,label\n1,one\n2,two\n3,three\n')
  const { engine } = await openAsking({ path }, join(dir.path, 'state'))
  return {
    engine,
    sql: duckdbSql,
    addItem: async (id, label) => {
      await writeFile(`${file}.next`, `${await readFile(file, 'utf8')}${String(id)},${label}\n`)
      await rename(`${file}.next`, file)
      // Of a folder that never stands still there is no state to tell.
      await sleep(100)
    },
    state: async () => [await readFile(file, 'utf8'), await readdir(path), await readdir(tmpdir())].map(withoutOthers),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** A database file, which is replaced for each item: in one process, nothing keeps a writer out of it. */
export async function openDatabaseFileFixture(): Promise<EngineFixture> {
  const dir = await openTempDir()
  const file = join(dir.path, 'shop.duckdb')
  const items = "create table item (id int, label text); insert into item values (1, 'one'), (2, 'two'), (3, 'three')"
  await runDuckDb(items, file)
  const { engine } = await openAsking({ path: file }, join(dir.path, 'state'))
  return {
    engine,
    sql: duckdbSql,
    addItem: async (id, label) => {
      await copyFile(file, `${file}.next`)
      await runDuckDb(`insert into item values (${String(id)}, '${label}')`, `${file}.next`)
      await rename(`${file}.next`, file)
      await sleep(100)
    },
    state: async () => [await readFile(file, 'base64'), await readdir(tmpdir())].map(withoutOthers),
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** Of the folder that everybody writes to, what statements of these tests would leave there. */
function withoutOthers(state: string | readonly string[]): unknown {
  return typeof state === 'string' ? state : state.filter((name) => outside.endsWith(name) || name.endsWith('.csv'))
}
