import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLocalFileSystem, marginMs } from '../../indexers/files/change-times.ts'
import files from '../../indexers/files/index.ts'
import { describeIndexerContract } from '../kit/indexer-contract.ts'
import type { IndexerFixture } from '../kit/indexer-contract.ts'
import { openTempDir } from '../kit/temp-dir.ts'

describeIndexerContract('files', async (): Promise<IndexerFixture> => {
  const dir = await openTempDir()
  const at = (source: string, name: string): string => join(dir.path, source, `${name}.txt`)
  const sources = { first: folder('first'), second: folder('second') }
  for (const { path } of Object.values(sources)) await mkdir(path)

  function folder(name: string): ReturnType<typeof files.source.parse> {
    return files.source.parse({ path: join(dir.path, name) })
  }
  return {
    sources: ['first', 'second'],
    deletes: files.deletes,
    open: (options) => files.open(undefined, { ...options, sources }),
    async put(source, name, text) {
      await mkdir(dirname(at(source, name)), { recursive: true })
      await writeFile(at(source, name), text)
      return `${name}.txt`
    },
    remove: (source, name) => rm(at(source, name)),
    // Other systems fold case, compose letters or forbid characters.
    accepts: (name) => process.platform === 'linux' || /^[a-z0-9_ /-]+$/.test(name),
    async settle() {
      const isLocal = await isLocalFileSystem(dir.path)
      await sleep((isLocal ? marginMs.local : marginMs.other) + 100)
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
})
