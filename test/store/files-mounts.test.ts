import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { marginMs } from '../../indexers/files/change-times.ts'
import { openFilesFolder, rejectsOf, textsOf } from '../kit/files-folder.ts'
import { collect, readChanges } from '../kit/indexer-reading.ts'

function mount(path: string, what: readonly string[] = ['-t', 'tmpfs', 'tmpfs']): AsyncDisposable {
  execFileSync('mount', [...what, path])
  return { [Symbol.asyncDispose]: async () => unmount(path) }
}

function unmount(path: string): void {
  execFileSync('umount', ['--lazy', path], { stdio: 'ignore' })
}

async function canMount(): Promise<boolean> {
  await using folder = await openFilesFolder()
  try {
    await using _ = mount(folder.path)
    return true
  } catch {
    return false
  }
}

const isAllowed = await canMount()
if (!isAllowed) console.warn('SKIPPED: this user may not mount; run the tests as root to prove mounts.')

describe.skipIf(!isAllowed)('a file system mounted below a source', () => {
  test.for(['the same device', 'another'])(
    'is read whole when it appears, however old its files: %s',
    async (device) => {
      await using folder = await openFilesFolder()
      const elsewhere = join(folder.path, '..', 'else where')
      await mkdir(elsewhere)
      await using mounts = new AsyncDisposableStack()
      if (device === 'another') mounts.use(mount(elsewhere))
      await writeFile(join(elsewhere, 'a.md'), 'old')
      await folder.write('my share/b.md', 'same')
      await sleep(marginMs.local + 100)
      await folder.read()
      mounts.use(mount(join(folder.path, 'my share'), ['--bind', elsewhere]))
      expect(textsOf(await folder.read())).toEqual({ 'my share/a.md': 'old' })
      expect(textsOf(await folder.read())).toEqual({})
    },
  )

  test('is never taken for deleted when it goes away', async () => {
    await using folder = await openFilesFolder()
    await mkdir(join(folder.path, 'share'))
    await using indexer = await folder.open()
    {
      await using _ = mount(join(folder.path, 'share'))
      await folder.write('share/a.md', 'text')
      await folder.read()
    }
    const changes = await readChanges(indexer, folder.cursors())
    expect(rejectsOf(changes)).toEqual({ share: 'FILE_UNREADABLE' })
    await expect(collect(indexer.keys('docs', {}, 'keys'))).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: 'Source docs: share cannot be read (ENODEV).',
      fix: 'Mount it again; if it is meant to be empty, run `aquifer sync --full`.',
    })
    await using _ = mount(join(folder.path, 'share'))
    await folder.write('share/b.md', 'back')
    expect(textsOf(await readChanges(indexer, folder.cursors()))).toEqual({ 'share/b.md': 'back' })
  })

  test('does not look emptied when it goes away while it is walked', async () => {
    await using folder = await openFilesFolder()
    await mkdir(join(folder.path, 'share'))
    mount(join(folder.path, 'share'))
    for (const name of ['share/a.md', 'share/b/c.md']) await folder.write(name, name)
    await using indexer = await folder.open()
    const keys: string[] = []
    const reading = async (): Promise<void> => {
      for await (const { key } of indexer.keys('docs', {}, 'keys')) {
        keys.push(key)
        unmount(join(folder.path, 'share'))
      }
    }
    await expect(reading()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(keys).toEqual(['share/a.md'])
  })
})
