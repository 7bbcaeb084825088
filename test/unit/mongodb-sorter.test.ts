import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { openSorter } from '../../indexers/mongodb/sorter.ts'
import { collect } from '../kit/indexer-reading.ts'

async function listFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('aquifer-keys-')).toSorted()
}

test('keys that do not fit into memory come in byte order, each once, and leave no file behind', async () => {
  const before = await listFolders()
  const keys = Array.from({ length: 1000 }, (_, index) => `key ${String((index * 7919) % 1000)}`)
  keys.unshift('\u{1f600}', '\uffee', 'a\u2028b', 'a\nb', 'a\u2029b', 'a"b', 'key 500')
  {
    await using sorter = openSorter({ held: 3000, files: 3 })
    for (const key of keys) await sorter.add({ key, digest: `of ${key}` })
    const expected = [...new Set(keys)].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(await collect(sorter.sorted())).toEqual(expected.map((key) => ({ key, digest: `of ${key}` })))
    expect((await listFolders()).length).toBe(before.length + 1)
  }
  expect(await listFolders()).toEqual(before)
})

test('few keys need no file', async () => {
  const before = await listFolders()
  await using sorter = openSorter()
  await sorter.add({ key: 'b' })
  await sorter.add({ key: 'a' })
  expect(await collect(sorter.sorted())).toEqual([{ key: 'a' }, { key: 'b' }])
  expect(await listFolders()).toEqual(before)
})
