import { setTimeout as sleep } from 'node:timers/promises'
import postgres from '../../indexers/postgres/index.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-reading.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'
import type { SourceDatabase, SourceInput } from '../kit/postgres-source.ts'

interface Shape {
  /** SQL that makes the table `name` and whatever is read instead of it. */
  create(name: string): string
  source(name: string): SourceInput
  /** The key of the row `name`, which has to be in the table already. */
  key?(name: string): string
  readonly readsWhole?: true
  readonly deletes?: 'streamed'
}

function makeFixture(shape: Shape): () => Promise<IndexerFixture> {
  return async () => {
    const names = ['first', 'second'] as const
    const database = await openSourceDatabase(names.map((name) => shape.create(name)).join(';'))
    const sources = Object.fromEntries(names.map((name) => [name, shape.source(name)]))
    return {
      sources: names,
      deletes: shape.deletes ?? postgres.deletes,
      open: (options) => database.open(sources, options),
      async put(source, name, text) {
        const { rowCount } = await upsert(database, source, name, text)
        if (rowCount !== 1) throw new Error('nothing was written')
        return shape.key?.(name) ?? name
      },
      async remove(source, name) {
        await database.run(`delete from ${source} where name = $1`, [name])
      },
      settle: () => settle(database),
      ...(shape.readsWhole === true ? { readsWhole: true } : {}),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }
  }
}

async function upsert(
  database: SourceDatabase,
  table: string,
  name: string,
  text: string,
): Promise<{ rowCount: number }> {
  const updated = await database.run(
    `update ${table} set body = $2, at = clock_timestamp() where name = $1 returning 1`,
    [name, text],
  )
  if (updated.length > 0) return { rowCount: updated.length }
  const added = await database.run(`insert into ${table} (name, body, part) values ($1, $2, $3) returning 1`, [
    name,
    text,
    partOf(name),
  ])
  return { rowCount: added.length }
}

const partOf = (name: string): number => name.length % 3

/** Waits until whatever other databases of the server run has ended: their transactions count in every snapshot. */
async function settle(database: SourceDatabase): Promise<void> {
  const [mine] = await database.run('select pg_current_xact_id()::text as xid')
  for (;;) {
    const [now] = await database.run('select pg_snapshot_xmin(pg_current_snapshot())::text as xmin')
    if (BigInt(String(now?.['xmin'])) > BigInt(String(mine?.['xid']))) return
    await sleep(20)
  }
}

const columns =
  'name text not null, body text not null, part int not null, at timestamptz not null default clock_timestamp()'

describeIndexerContract(
  'a Postgres table',
  makeFixture({
    create: (name) => `create table ${name} (${columns}, primary key (name))`,
    source: (name) => ({ table: `public.${name}` }),
  }),
)

describeIndexerContract(
  'a partitioned table with a key of two columns',
  makeFixture({
    create: (name) => `create table ${name} (${columns}, primary key (part, name)) partition by list (part);
      create table ${name}_0 partition of ${name} for values in (0);
      create table ${name}_more partition of ${name} for values in (1, 2)`,
    source: (name) => ({ table: name, key: ['name', 'part'] }),
    key: (name) => JSON.stringify([name, String(partOf(name))]),
  }),
)

describeIndexerContract(
  'a table that is followed in the log',
  makeFixture({
    create: (name) => `create table ${name} (${columns}, primary key (name))`,
    source: (name) => ({ table: `public.${name}`, mode: 'stream' }),
    deletes: 'streamed',
  }),
)

describeIndexerContract(
  'a partitioned table that is followed in the log',
  makeFixture({
    create: (name) => `create table ${name} (${columns}, primary key (part, name)) partition by list (part);
      create table ${name}_0 partition of ${name} for values in (0);
      create table ${name}_more partition of ${name} for values in (1, 2)`,
    source: (name) => ({ table: name, key: ['name', 'part'], mode: 'stream' }),
    key: (name) => JSON.stringify([name, String(partOf(name))]),
    deletes: 'streamed',
  }),
)

describeIndexerContract(
  'a query with a cursor',
  makeFixture({
    create: (name) => `create table ${name} (${columns})`,
    source: (name) => ({
      query: `select name, body, at from ${name} -- all of it;`,
      key: 'name',
      cursor: 'at',
      overlap: '0s',
    }),
    readsWhole: true,
  }),
)

describeIndexerContract(
  'a view',
  makeFixture({
    create: (name) => `create table ${name} (${columns}); create view ${name}_view as select name, body from ${name}`,
    source: (name) => ({ table: `${name}_view`, key: 'name' }),
    readsWhole: true,
  }),
)
