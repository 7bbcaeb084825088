import { mkdir, open, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { marginMs } from '../../indexers/files/change-times.ts'
import type { Change } from '../../schemas/record.ts'
import { openFilesFolder, rejectsOf, textsOf } from '../kit/files-folder.ts'
import type { FilesFolder } from '../kit/files-folder.ts'

const longAgo = new Date('2001-02-03T04:05:06Z')

/** What was written before is old news from here on. */
async function settle(folder: FilesFolder): Promise<void> {
  await sleep(marginMs.local + 100)
  await folder.read()
}

function keysOf(changes: readonly Change[]): string[] {
  return changes.flatMap((change) => (change.kind === 'put' ? [change.key] : []))
}

describe.concurrent('a later round of files', () => {
  test('reads what was edited though its time of change was set back', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'before')
    await folder.write('b.md', 'same')
    await utimes(join(folder.path, 'a.md'), longAgo, longAgo)
    await settle(folder)
    await folder.write('a.md', 'after!')
    await utimes(join(folder.path, 'a.md'), longAgo, longAgo)
    const changes = await folder.read()
    expect(textsOf(changes)).toEqual({ 'a.md': 'after!' })
    expect(changes[0]).toMatchObject({ modifiedAt: '2001-02-03T04:05:06.000Z' })
  })

  test('reads a file that was moved in with an old time', async () => {
    await using folder = await openFilesFolder()
    const outside = join(folder.path, '..', 'outside.md')
    await writeFile(outside, 'from elsewhere')
    await utimes(outside, longAgo, longAgo)
    await folder.write('b.md', 'same')
    await settle(folder)
    await rename(outside, join(folder.path, 'inside.md'))
    expect(textsOf(await folder.read())).toEqual({ 'inside.md': 'from elsewhere' })
  })

  test('reads all that is in a renamed folder, and nothing beside it', async () => {
    await using folder = await openFilesFolder()
    for (const name of ['x.md', 'old/a.md', 'old/deep/er/b.md', 'other/c.md']) await folder.write(name, name)
    await settle(folder)
    await folder.move('old', 'new')
    expect(textsOf(await folder.read())).toEqual({ 'new/a.md': 'old/a.md', 'new/deep/er/b.md': 'old/deep/er/b.md' })
    expect(await folder.keys()).toEqual(['new/a.md', 'new/deep/er/b.md', 'other/c.md', 'x.md'])
  })

  test('reads all that is in a folder moved in from outside', async () => {
    await using folder = await openFilesFolder()
    const outside = join(folder.path, '..', 'outside')
    await mkdir(join(outside, 'deep'), { recursive: true })
    await writeFile(join(outside, 'deep', 'a.md'), 'text')
    await folder.write('sub/x.md', 'x')
    await settle(folder)
    await rename(outside, join(folder.path, 'sub', 'moved'))
    expect(textsOf(await folder.read())).toEqual({ 'sub/moved/deep/a.md': 'text' })
  })

  test('does not read what is beside a new file', async () => {
    await using folder = await openFilesFolder()
    for (const name of ['a.md', 'sub/b.md', 'sub/deep/c.md']) await folder.write(name, name)
    await settle(folder)
    await folder.write('new.md', 'top')
    await folder.write('sub/new.md', 'sub')
    expect(keysOf(await folder.read()).filter((key) => !key.startsWith('sub/'))).toEqual(['new.md'])
    await settle(folder)
    await folder.write('sub/newer.md', 'sub')
    expect(keysOf(await folder.read())).toEqual(['sub/newer.md'])
  })

  test.skipIf(process.platform !== 'linux')('takes a name in other case for another file', async () => {
    await using folder = await openFilesFolder()
    await folder.write('Readme.md', 'text')
    await settle(folder)
    await folder.move('Readme.md', 'README.md')
    expect(textsOf(await folder.read())).toEqual({ 'README.md': 'text' })
    expect(await folder.keys()).toEqual(['README.md'])
  })

  test('sees a file become a folder, and a folder a file', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'file')
    await folder.write('b.md/inner.md', 'in a folder')
    await settle(folder)
    await folder.remove('a.md')
    await folder.remove('b.md')
    await folder.write('a.md/inner.md', 'in a folder')
    await folder.write('b.md', 'file')
    expect(textsOf(await folder.read())).toEqual({ 'a.md/inner.md': 'in a folder', 'b.md': 'file' })
    expect(await folder.keys()).toEqual(['a.md/inner.md', 'b.md'])
  })

  test('reads what a link was turned to, however old', async () => {
    await using folder = await openFilesFolder()
    for (const version of ['one', 'two']) await folder.write(`..versions/${version}/a.md`, `version ${version}`)
    await folder.link('..data', '..versions/one')
    await folder.link('a.md', '..data/a.md')
    await settle(folder)
    expect(await folder.keys()).toEqual(['a.md'])
    await folder.remove('..data')
    await folder.link('..data', '..versions/two')
    expect(textsOf(await folder.read())).toEqual({ 'a.md': 'version two' })
  })

  test('reads everything when another folder stands at its path', async () => {
    await using folder = await openFilesFolder()
    const other = join(folder.path, '..', 'other')
    await mkdir(other)
    await writeFile(join(other, 'a.md'), 'other')
    await folder.write('a.md', 'first')
    await settle(folder)
    await rename(folder.path, `${folder.path}.old`)
    await rename(other, folder.path)
    expect(textsOf(await folder.read())).toEqual({ 'a.md': 'other' })
  })

  test('reads everything when the clock was turned back', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    await settle(folder)
    const clock = { ...systemClock, now: () => Date.now() - 3_600_000, sleep: async () => {} }
    await using indexer = await folder.open({ clock })
    const changes: Change[] = []
    for await (const change of indexer.changes(folder.cursors())) changes.push(change)
    expect(textsOf(changes)).toEqual({ 'a.md': 'text' })
  })

  test('reads everything when the clock was set, be it a little and forward', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    await settle(folder)
    expect(keysOf(await folder.read())).toEqual([])
    const clock = { ...systemClock, now: () => Date.now() + 5000 }
    await using indexer = await folder.open({ clock })
    const changes: Change[] = []
    for await (const change of indexer.changes(folder.cursors())) changes.push(change)
    expect(textsOf(changes)).toEqual({ 'a.md': 'text' })
  })

  test('takes up again what kept changing while it was read', async () => {
    await using folder = await openFilesFolder()
    await folder.write('log.txt', '')
    await folder.write('quiet.txt', 'quiet')
    const stop = new AbortController()
    let lines = 0
    const writing = (async () => {
      for (; !stop.signal.aborted; lines += 1) {
        await writeFile(join(folder.path, 'log.txt'), 'line\n', { flag: 'a' })
        await sleep(5)
      }
    })()
    const during = await folder.read()
    stop.abort()
    await writing
    expect(rejectsOf(during)).toEqual({ 'log.txt': 'FILE_CHANGING' })
    expect(textsOf(during)).toEqual({ 'quiet.txt': 'quiet' })
    expect(textsOf(await folder.read())).toMatchObject({ 'log.txt': 'line\n'.repeat(lines) })
  })

  test('never hands over a file of which a part is older than the rest', async () => {
    await using folder = await openFilesFolder()
    await folder.write('big.txt', Buffer.alloc(8 * 1024 * 1024, 'a'))
    await using file = await open(join(folder.path, 'big.txt'), 'r+')
    const stop = new AbortController()
    const writing = (async () => {
      for (let turn = 0; !stop.signal.aborted; turn += 1) await file.write('b', turn)
    })()
    // Minutes ahead, so that the age of the last write does not tell.
    const clock = { ...systemClock, now: () => Date.now() + 120_000, sleep: (ms: number) => sleep(ms) }
    const changes: Change[] = []
    await using indexer = await folder.open({ clock })
    for await (const change of indexer.changes({})) changes.push(change)
    stop.abort()
    await writing
    expect(rejectsOf(changes)).toEqual({ 'big.txt': 'FILE_CHANGING' })
  })

  test('passes over what vanishes while it walks', async () => {
    await using folder = await openFilesFolder()
    for (const name of ['a.md', 'b.md', 'c/d.md', 'e.md']) await folder.write(name, name)
    await using indexer = await folder.open()
    const changes: Change[] = []
    for await (const change of indexer.changes({})) {
      changes.push(change)
      if (changes.length > 1) continue
      await folder.remove('b.md')
      await folder.remove('c')
    }
    expect(keysOf(changes)).toEqual(['a.md', 'e.md'])
  })
})

describe('a folder that is gone', () => {
  test('cannot be opened, and the error names it', async () => {
    await using folder = await openFilesFolder()
    await rm(folder.path, { recursive: true })
    await expect(folder.open()).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: `Source docs: there is no ${folder.path}.`,
    })
  })

  test('never looks as if everything in it had been deleted', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    await using indexer = await folder.open()
    await rm(folder.path, { recursive: true })
    const keys = indexer.keys('docs', {}, 'keys')[Symbol.asyncIterator]()
    await expect(keys.next()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    const changes = indexer.changes({})[Symbol.asyncIterator]()
    await expect(changes.next()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
  })

  test('is not taken for the empty one that is left where it was mounted', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    await folder.read()
    const { dev, ino } = await stat(folder.path)
    expect(folder.cursors()).toMatchObject({ docs: { mounts: { '': `${dev}:${ino}` } } })
    await folder.remove('a.md')
    await using indexer = await folder.open()
    const onAnotherDevice = { startedAtMs: Date.now() - 1000, mounts: { '': `${dev + 1}:${ino}` }, again: [] }
    const changes = indexer.changes({ docs: onAnotherDevice })[Symbol.asyncIterator]()
    await expect(changes.next()).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect((await folder.read()).map(({ kind }) => kind)).toEqual(['checkpoint'])
  })

  test('is followed where a link at its path leads', async () => {
    await using folder = await openFilesFolder()
    await folder.write('a.md', 'text')
    await rename(folder.path, `${folder.path}.real`)
    await symlink(`${folder.path}.real`, folder.path)
    expect(textsOf(await folder.read())).toEqual({ 'a.md': 'text' })
  })
})
