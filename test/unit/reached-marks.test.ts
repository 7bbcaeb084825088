import { expect, test } from 'vitest'
import type { SourceStanding } from '../../src/core/ledger-feed.ts'
import { openReachedMarks } from '../../src/search/reached-marks.ts'

function standing(position: string, positionFeed: number, projected: number, sourceId = 1): SourceStanding {
  return {
    sourceId,
    source: 'orders',
    position,
    asOfMs: positionFeed * 1000,
    positionFeed,
    head: positionFeed,
    projected,
    lowest: projected >= positionFeed ? position : undefined,
    deletesDue: false,
    syncing: true,
  }
}

test('what a projection follows is reached once it has come so far, though the ledger is ahead again', () => {
  const marks = openReachedMarks()
  expect(marks.observe(standing('a', 10, 5))).toEqual({ position: undefined, asOfMs: undefined })
  expect(marks.observe(standing('b', 20, 12))).toMatchObject({ position: 'a', asOfMs: 10_000 })
  expect(marks.observe(standing('c', 30, 19))).toMatchObject({ position: 'a' })
  expect(marks.observe(standing('d', 40, 35))).toMatchObject({ position: 'c', asOfMs: 30_000 })
  expect(marks.observe(standing('d', 40, 40))).toMatchObject({ position: 'd' })
})

test('a position that moves while nothing changes is reached at once', () => {
  const marks = openReachedMarks()
  marks.observe(standing('a', 10, 10))
  expect(marks.observe(standing('b', 10, 10))).toMatchObject({ position: 'b' })
})

test('a projection that was lost has reached nothing any more', () => {
  const marks = openReachedMarks()
  marks.observe(standing('a', 10, 10))
  expect(marks.observe(standing('a', 10, 0))).toEqual({ position: undefined, asOfMs: undefined })
})

test('a source that was removed and made again begins anew', () => {
  const marks = openReachedMarks()
  marks.observe(standing('a', 10, 10, 1))
  expect(marks.observe(standing('b', 40, 20, 2))).toEqual({ position: undefined, asOfMs: undefined })
})
