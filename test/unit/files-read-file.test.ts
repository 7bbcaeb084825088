import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readFile } from '../../indexers/files/read-file.ts'
import type { FileRead } from '../../indexers/files/read-file.ts'
import { openRoot } from '../../indexers/files/root.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openTempDir } from '../kit/temp-dir.ts'

async function read(root: string, path: string): Promise<FileRead> {
  const limits = { maxBytes: 1000, clock: systemClock, signal: new AbortController().signal }
  return await readFile(path, { root: await openRoot('docs', root, 'SOURCE_INVALID'), ...limits })
}

test.skipIf(process.platform === 'win32')('a pipe that took the place of a file does not hold the reader', async () => {
  await using dir = await openTempDir()
  execFileSync('mkfifo', [join(dir.path, 'a.md')])
  expect(await read(dir.path, join(dir.path, 'a.md'))).toEqual({ kind: 'gone' })
})

test('a file behind a folder that was swapped for a link to outside is not read', async () => {
  await using dir = await openTempDir()
  await mkdir(join(dir.path, 'docs'))
  await mkdir(join(dir.path, 'outside'))
  await writeFile(join(dir.path, 'outside', 'secret.md'), 'secret')
  await symlink('../outside', join(dir.path, 'docs', 'sub'))
  await symlink('../outside/secret.md', join(dir.path, 'docs', 'a.md'))
  expect(await read(join(dir.path, 'docs'), join(dir.path, 'docs', 'sub', 'secret.md'))).toEqual({ kind: 'gone' })
  expect(await read(join(dir.path, 'docs'), join(dir.path, 'docs', 'a.md'))).toEqual({ kind: 'gone' })
})
