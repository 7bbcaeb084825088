import { expect, test } from 'vitest'
import { watchMounts } from '../../indexers/files/mounts.ts'

const root = { key: '', stat: { dev: 1n, ino: 10n }, outerDevice: undefined, isEmpty: false }
const share = { key: 'share', stat: { dev: 2n, ino: 20n }, outerDevice: 1n, isEmpty: false }
const plain = { key: 'plain', stat: { dev: 1n, ino: 30n }, outerDevice: 1n, isEmpty: false }
const left = { key: 'share', stat: { dev: 1n, ino: 21n }, outerDevice: 1n, isEmpty: true }

test('the source itself and what is mounted below it are remembered, other folders are not', () => {
  const mounts = watchMounts({}, new Set())
  for (const folder of [root, share, plain]) mounts.see(folder)
  expect(mounts.seen()).toEqual({ '': '1:10', share: '2:20' })
})

test('what was mounted, unmounted or replaced since is other', () => {
  const mounts = watchMounts({ '': '1:10', share: '2:20' }, new Set())
  expect([root, share, plain].map((folder) => mounts.isOther(folder))).toEqual([false, false, false])
  expect(mounts.isOther({ ...root, stat: { dev: 1n, ino: 11n } })).toBe(true)
  expect(mounts.isOther(left)).toBe(true)
  expect(mounts.isOther({ ...plain, stat: { dev: 3n, ino: 1n } })).toBe(true)
})

test('an empty folder where something was mounted is lost, and stays so', () => {
  const mounts = watchMounts({ '': '1:10', share: '2:20' }, new Set())
  expect(mounts.isLost(left)).toBe(true)
  expect(mounts.isLost({ ...left, isEmpty: false })).toBe(false)
  expect(mounts.isLost({ ...share, isEmpty: true })).toBe(false)
  mounts.see(left)
  expect(mounts.seen()).toEqual({ share: '2:20' })
})

test('a folder of the same device that is mounted elsewhere counts as mounted', () => {
  const mounts = watchMounts({ '': '1:10' }, new Set(['plain']))
  expect(mounts.isOther(plain)).toBe(true)
  mounts.see(plain)
  expect(mounts.seen()).toEqual({ plain: '1:30' })
})

test('the source itself may be emptied or made anew, as long as it is on its device', () => {
  const mounts = watchMounts({ '': '1:10' }, new Set())
  expect(mounts.isLost({ ...root, isEmpty: true, stat: { dev: 1n, ino: 11n } })).toBe(false)
  expect(mounts.isLost({ ...root, isEmpty: true, stat: { dev: 2n, ino: 10n } })).toBe(true)
})
