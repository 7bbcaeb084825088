import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SearchAnswer } from '../../schemas/search.ts'
import { runJson } from '../kit/program.ts'
import { refusalOf } from '../kit/refusal.ts'
import { openTempDir } from '../kit/temp-dir.ts'
import { openTempDisk } from '../kit/temp-disk.ts'

/** A folder of one page, indexed. */
async function index(dir: string): Promise<void> {
  await mkdir(join(dir, 'docs'))
  await writeFile(join(dir, 'docs', 'kettle.md'), '# Kettle\n')
  await writeFile(join(dir, 'aquifer.yaml'), 'version: 1\nsources: { docs: { type: files, path: ./docs } }\n')
  await runJson(['sync'], { dir })
}

async function idsOf(dir: string, query: string): Promise<string[]> {
  return (await runJson<SearchAnswer>(['search', query, '--limit', '1'], { dir })).hits.map(({ id }) => id)
}

/** Takes what is left of the disk, to the last byte. */
async function fill(file: string): Promise<void> {
  for (let bytes = 1 << 22; bytes >= 1; bytes >>= 1) {
    for (let fits = true; fits;) {
      fits = await writeFile(file, Buffer.alloc(bytes), { flag: 'a' }).then(
        () => true,
        () => false,
      )
    }
  }
}

test('a disk that is read-only: told, and searched again when it is not', async (context) => {
  await using disk = await openTempDisk(context, '120m')
  const dir = disk.path
  await index(dir)
  disk.remount('ro')
  const refusal = '78\nDIR_NOT_WRITABLE The embedded store cannot be written in DIR/.aquifer (EROFS).'
  expect(await refusalOf(['search', 'kettle'], { dir })).toBe(refusal)
  expect(await refusalOf(['sync'], { dir })).toBe(refusal)
  expect(await refusalOf(['--dir', 'new', 'init'], { dir })).toMatch(/^78\nDIR_NOT_WRITABLE DIR\/new cannot be written/)
  disk.remount('rw')
  expect(await idsOf(dir, 'kettle')).toEqual(['docs:kettle.md'])
})

test('a disk that is full: told, nothing lost, and gone on with when there is room', async (context) => {
  await using disk = await openTempDisk(context, '120m')
  const dir = disk.path
  await index(dir)
  for (let i = 0; i < 100; i++) await writeFile(join(dir, 'docs', `${String(i)}.md`), `# Toaster ${String(i)}\n`)
  await fill(join(dir, 'filler'))
  const refusal = '69\nDISK_FULL The disk with DIR/.aquifer is full.'
  expect(await refusalOf(['sync'], { dir })).toBe(refusal)
  expect(await refusalOf(['backup', 'all.aquifer'], { dir })).toBe(refusal)
  await rm(join(dir, 'filler'))
  expect(await idsOf(dir, 'kettle')).toEqual(['docs:kettle.md'])
  expect(await runJson(['sync'], { dir })).toMatchObject({ sources: [{ name: 'docs', written: 100, error: null }] })
  expect(await idsOf(dir, 'toaster 77')).toEqual(['docs:77.md'])
})

test('a backup onto a full disk leaves nothing of itself, and says which disk', async (context) => {
  await using disk = await openTempDisk(context, '120m')
  await using small = await openTempDisk(context, '64k')
  await index(disk.path)
  await fill(join(small.path, 'filler'))
  const file = join(small.path, 'all.aquifer')
  expect(await refusalOf(['backup', file], { dir: disk.path })).toBe(
    `69\nDISK_FULL The disk of ${file} is full; nothing was left there.`,
  )
  expect(await readdir(small.path)).toEqual(['filler'])
})

test('a store that was damaged is refused, and left as it is', async () => {
  await using folder = await openTempDir()
  const dir = folder.path
  await index(dir)
  const control = join(dir, '.aquifer', 'data', 'global', 'pg_control')
  await writeFile(control, 'damaged')
  expect(await refusalOf(['search', 'kettle'], { dir })).toMatch(
    /^\d+\nLEDGER_\w+ The embedded store in DIR\/\.aquifer /,
  )
  expect(await readFile(control, 'utf8')).toBe('damaged')
})
