import { createConnection, escapeId, type Connection, type RowDataPacket } from 'mysql2/promise'
import { createMariadb, dropMariadb } from '../../kit/mariadb-databases.ts'
import type { Random } from '../../kit/random.ts'
import { openTcpProxy } from '../../kit/tcp-proxy.ts'
import { testName } from '../../kit/test-name.ts'
import { mappingYaml, type Expected } from '../item.ts'
import { createPlan, type Operation, type Plan } from '../operations.ts'
import type { Kind } from './kind.ts'

interface Table {
  readonly name: string
  readonly plan: Plan
  columns: number
}

/** Tables of MariaDB, followed in the row log. */
export async function openMariadb(serverUrl: string, size: number): Promise<Kind> {
  const stack = new AsyncDisposableStack()
  const name = testName('_')
  await createMariadb(serverUrl, name)
  stack.defer(() => dropMariadb(serverUrl, name))
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const connection = await createConnection({ uri: url.href, supportBigNumbers: true, bigNumberStrings: true })
  connection.on('error', () => {})
  stack.defer(() => connection.end())
  const readerUrl = new URL(url.href)
  readerUrl.username = 'cdc'
  readerUrl.password = 'cdc'
  const link = stack.use(await openTcpProxy(readerUrl.href))
  const tables = ['maria_a', 'maria_b'].map((tableName): Table => ({
    name: tableName,
    plan: createPlan(tableName, size),
    columns: 0,
  }))
  for (const table of tables) {
    await connection.query(
      `create table ${table.name} (code varchar(100) collate utf8mb4_bin primary key, title text not null, body text not null,
         status varchar(50), amount int, readers text, vector text)`,
    )
  }
  return {
    name: 'mariadb',
    sources: tables.map((each) => each.name),
    yaml: {
      connections: `  maria: { type: mysql, url: { env: PROOF_MARIADB_URL } }`,
      sources: tables
        .map(
          (each) =>
            `  ${each.name}: { connection: maria, table: ${each.name}, every: 300ms, ${mappingYaml}, vector: vector }`,
        )
        .join('\n'),
    },
    env: { PROOF_MARIADB_URL: link.url },
    link,
    operate: async (random, count) => {
      const table = tables[random.int(0, tables.length - 1)]
      if (table === undefined) return 0
      const dice = random.int(1, 100)
      if (dice <= 2 && count > 20) return changeSchema(connection, table, random)
      if (dice <= 5) return rollBack(connection, table, random)
      if (dice >= 99 && count > 20) {
        await connection.query(`truncate table ${escapeId(table.name)}`)
        table.plan.clear()
        return 1
      }
      const operations = table.plan.next(random, count)
      await connection.beginTransaction()
      await run(connection, table, operations)
      await connection.commit()
      return operations.length
    },
    finish: async () => {},
    put: async (source, key, item) => {
      const table = tables.find((each) => each.name === source)
      if (table === undefined) throw new Error(`there is no table ${source}`)
      await run(connection, table, [{ kind: 'put', key, item, isNew: true }])
    },
    read: async () => new Map(await readAll(connection, tables)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function run(connection: Connection, { name }: Table, operations: readonly Operation[]): Promise<void> {
  const table = escapeId(name)
  for (const operation of operations) {
    const { key } = operation
    if (operation.kind === 'delete') await connection.query(`delete from ${table} where code = ?`, [key])
    else if (operation.kind === 'rename') {
      await connection.query(`update ${table} set code = ? where code = ?`, [operation.to, key])
    } else {
      const { title, body, status, amount, readers, vector } = operation.item
      const values = [
        title,
        body,
        status,
        amount,
        readers.join(','),
        vector === undefined ? null : JSON.stringify(vector),
      ]
      const set = 'title = ?, body = ?, status = ?, amount = ?, readers = ?, vector = ?'
      if (operation.isNew) {
        await connection.query(`insert into ${table} set code = ?, ${set} on duplicate key update ${set}`, [
          key,
          ...values,
          ...values,
        ])
      } else await connection.query(`update ${table} set ${set} where code = ?`, [...values, key])
    }
  }
}

/** Work that is undone: none of it may ever be seen. */
async function rollBack(connection: Connection, { name }: Table, random: Random): Promise<number> {
  await connection.beginTransaction()
  await connection.query(`update ${escapeId(name)} set body = 'never' where code like ?`, [
    `%${String(random.int(0, 9))}`,
  ])
  await connection.query(`delete from ${escapeId(name)} where code like ?`, [`%${String(random.int(0, 9))}`])
  await connection.rollback()
  return 2
}

const amountTypes = ['bigint', 'varchar(30)', 'int'] as const

async function changeSchema(connection: Connection, table: Table, random: Random): Promise<number> {
  const choice = random.int(1, 3)
  if (choice === 1 || (choice === 2 && table.columns === 0)) {
    await connection.query(
      `alter table ${table.name} add column extra${String(++table.columns)} varchar(9) default 'x'`,
    )
  } else if (choice === 2) {
    await connection.query(`alter table ${table.name} drop column extra${String(table.columns--)}`)
  } else {
    const type = amountTypes[random.int(0, amountTypes.length - 1)] ?? 'int'
    await connection.query(`alter table ${table.name} modify column amount ${type}`)
  }
  return 1
}

async function readAll(connection: Connection, tables: readonly Table[]): Promise<[string, Map<string, Expected>][]> {
  const found: [string, Map<string, Expected>][] = []
  for (const { name } of tables) {
    const [rows] = await connection.query<RowDataPacket[]>(`select * from ${escapeId(name)}`)
    found.push([
      name,
      new Map(
        rows.map((row) => [
          String(row['code']),
          {
            title: String(row['title']),
            text: String(row['body']),
            fields: { status: String(row['status']), amount: amountOf(row['amount']) },
            readers: String(row['readers'])
              .split(',')
              .filter((group) => group !== ''),
            // The rows of this proof hold nothing else.
            vector: row['vector'] === null ? undefined : (JSON.parse(String(row['vector'])) as number[]),
          },
        ]),
      ),
    ])
  }
  return found
}

/** The driver gives an int as a number, a bigint as text. */
const amountOf = (value: unknown): number | string => (typeof value === 'number' ? value : String(value))
