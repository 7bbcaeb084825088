import { createDatabase, dropDatabase } from './postgres-databases.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/** An empty database of the run's Postgres; `await using` drops it, whoever is still connected. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = serverUrl('postgres')
  const name = testName('_')
  await createDatabase(server, name)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, [Symbol.asyncDispose]: () => dropDatabase(server, name) }
}
