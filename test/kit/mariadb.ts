import { createMariadb, dropMariadb } from './mariadb-databases.ts'
import type { TestDatabase } from './postgres.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

/** An empty database of the run's MariaDB; `await using` drops it. */
export async function openTestMariadb(): Promise<TestDatabase> {
  const server = serverUrl('mariadb')
  const name = testName('_')
  await createMariadb(server, name)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => dropMariadb(server, name) }
}
