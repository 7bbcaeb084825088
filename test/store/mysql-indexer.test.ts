import mysql from '../../indexers/mysql/index.ts'
import type { Json } from '../../schemas/record.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-reading.ts'
import { openMysqlDatabase } from '../kit/mysql-source.ts'

interface Shape {
  /** Columns and indexes of a table. */
  readonly columns: string
  readonly key?: readonly string[]
  readonly keyOf?: (name: string) => string
  /** Tables besides, and what of them belongs into a row. */
  readonly others?: string
  readonly parts?: Readonly<Record<string, Json>>
}

const partOf = (name: string): number => name.length % 3

function makeFixture({ columns, key, keyOf, others = '', parts }: Shape): () => Promise<IndexerFixture> {
  return async () => {
    const names = ['first', 'second'] as const
    const database = await openMysqlDatabase(
      [others, ...names.map((name) => `create table ${name} (${columns})`)].filter((sql) => sql !== '').join(';'),
    )
    const sources = Object.fromEntries(
      names.map((name) => [name, { table: name, ...(key && { key }), ...(parts && { with: parts }) }]),
    )
    return {
      sources: names,
      deletes: mysql.deletes,
      open: (options) => database.open(sources, options),
      async put(source, name, text) {
        const sql = `insert into ${source} (name, body, part) values (?, ?, ?) on duplicate key update body = values(body)`
        await database.run(sql, [name, text, partOf(name)])
        return keyOf?.(name) ?? name
      },
      async remove(source, name) {
        await database.run(`delete from ${source} where name = ?`, [name])
      },
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }
  }
}

const columns = (collation: string): string =>
  `name varchar(200) collate ${collation} not null, body text not null, part int not null`

describeIndexerContract(
  'a MariaDB table',
  makeFixture({ columns: `${columns('utf8mb4_nopad_bin')}, primary key (name)` }),
)

describeIndexerContract(
  'a table with a key of two columns, other than its primary one',
  makeFixture({
    columns: `${columns('utf8mb4_nopad_bin')}, id int primary key auto_increment, unique (part, name)`,
    key: ['name', 'part'],
    keyOf: (name) => JSON.stringify([name, String(partOf(name))]),
  }),
)

describeIndexerContract(
  'a table with rows of others that belong to it',
  makeFixture({
    columns: `${columns('utf8mb4_nopad_bin')}, primary key (name)`,
    others: `create table part (id int primary key, label text); insert into part values (0, 'none'), (1, 'one')`,
    parts: { piece: { table: 'part', via: 'part' } },
  }),
)
