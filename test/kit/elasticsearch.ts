import { indicesOf, removeIndices } from './elasticsearch-indices.ts'
import { serverUrl } from './server-url.ts'
import { testName } from './test-name.ts'

export interface TestIndices extends AsyncDisposable {
  readonly url: string
  /** A prefix of index names that nobody else uses. */
  readonly prefix: string
}

/** Room for indices on the run's Elasticsearch; `await using` removes all that start with the prefix. */
export async function openTestIndices(): Promise<TestIndices> {
  const url = serverUrl('elasticsearch')
  const prefix = testName('-')
  return { url, prefix, [Symbol.asyncDispose]: async () => removeIndices(url, await indicesOf(url, prefix)) }
}
