import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import files from '../../indexers/files/index.ts'
import type { FilesSource } from '../../indexers/files/config.ts'
import type { Change } from '../../schemas/record.ts'
import type { Cursors, Indexer } from '../../src/core/indexer.ts'
import { collect, cursorsOf, readChanges, readOptions } from './indexer-reading.ts'
import type { ReadOptions } from './indexer-reading.ts'
import { openTempDir } from './temp-dir.ts'

/** One folder on a real file system, read as the source `docs`; each read opens anew and goes on after the last. */
export interface FilesFolder extends AsyncDisposable {
  /** `docs/` in a temporary folder, so that tests can put something beside it. */
  readonly path: string
  write(name: string, content: string | Uint8Array): Promise<void>
  move(from: string, to: string): Promise<void>
  remove(name: string): Promise<void>
  link(name: string, target: string): Promise<void>
  open(changed?: Partial<ReadOptions>): Promise<Indexer>
  read(): Promise<Change[]>
  keys(): Promise<string[]>
  cursors(): Cursors
}

export async function openFilesFolder(
  settings: Partial<Record<keyof FilesSource, unknown>> = {},
): Promise<FilesFolder> {
  const dir = await openTempDir()
  const path = join(dir.path, 'docs')
  await mkdir(path)
  const source = files.source.parse({ path, ...settings })
  const at = (name: string): string => join(path, name)
  let cursors: Cursors = {}
  const open = (changed?: Partial<ReadOptions>): Promise<Indexer> =>
    files.open(undefined, { ...readOptions(changed), sources: { docs: source } })
  return {
    path,
    open,
    cursors: () => cursors,
    async write(name, content) {
      await mkdir(dirname(at(name)), { recursive: true })
      await writeFile(at(name), content)
    },
    move: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name), { recursive: true }),
    link: (name, target) => symlink(target, at(name)),
    async read() {
      await using indexer = await open()
      const changes = await readChanges(indexer, cursors)
      cursors = { ...cursors, ...cursorsOf(changes) }
      return changes
    },
    async keys() {
      await using indexer = await open()
      return (await collect(indexer.keys('docs', {}, 'keys'))).map(({ key }) => key)
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

/** Text by key of what was put. */
export function textsOf(changes: readonly Change[]): Record<string, string> {
  return Object.fromEntries(
    changes.flatMap((change) =>
      change.kind === 'put' && change.content.kind === 'document' ? [[change.key, change.content.document.text]] : [],
    ),
  )
}

/** Code by key of what was rejected. */
export function rejectsOf(changes: readonly Change[]): Record<string, string> {
  return Object.fromEntries(changes.flatMap((change) => (change.kind === 'reject' ? [[change.key, change.code]] : [])))
}
