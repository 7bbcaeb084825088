import { readFile } from 'node:fs/promises'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

/** The shop's database, running in this process and reached like any Postgres. It ends with the demo. */
export interface Shop extends AsyncDisposable {
  readonly url: string
  run(sql: string): Promise<void>
}

export async function openShop(): Promise<Shop> {
  await using opened = new AsyncDisposableStack()
  const database = opened.adopt(await PGlite.create(), (database) => database.close())
  for (const name of ['schema', 'products', 'help-articles', 'supplier-terms', 'orders']) {
    await database.exec(await readFile(new URL(`./shop/${name}.sql`, import.meta.url), 'utf8'))
  }
  // Several connections share the one session of this database; the indexer opens a second one to cancel a statement.
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 4 })
  await server.start()
  opened.defer(() => server.stop())
  const stack = opened.move()
  return {
    url: `postgresql://postgres@${server.getServerConn()}/postgres`,
    run: async (sql) => void (await database.exec(sql)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
