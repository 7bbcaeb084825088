import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { silentLog } from '../../src/core/log.ts'
import { openSharedStore, type SharedStoreSettings } from '../../src/stores/postgres/embedded/shared-store.ts'
import { embeddedOperationsUrl, embeddedRules } from './embedded-operations.ts'

/** A shared store with the operations of the test kit. */
export interface TestStore extends AsyncDisposable {
  run(operation: string, args?: object): Promise<unknown>
}

/** Seeds are made once for all tests, apart from those of the user. */
const testCacheDir = join(tmpdir(), 'aquifer-test-cache')

export async function openTestStore(dir: string, more: Partial<SharedStoreSettings> = {}): Promise<TestStore> {
  const store = await openSharedStore({
    dir,
    options: { schema: 'public', lexical: 'none' },
    log: silentLog,
    version: '1.0.0',
    operationsUrl: embeddedOperationsUrl,
    rules: embeddedRules,
    cacheDir: testCacheDir,
    silenceMs: 1500,
    ...more,
  })
  return {
    run: async (operation, args = {}) => deserialize(await store.run(operation, serialize(args))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}
