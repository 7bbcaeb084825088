import { expect, test } from 'vitest'
import { compareUtf8 } from '../../src/core/byte-order.ts'

test('text is ordered by its UTF-8 bytes, also where UTF-16 is not', () => {
  const ordered = [
    '',
    '\0',
    'A',
    'a',
    'a/b',
    'aa',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffee',
    '\u{10000}',
    '\u{1f600}',
    '\u{10ffff}',
  ]
  expect(ordered.toReversed().toSorted(compareUtf8)).toEqual(ordered)
  expect(compareUtf8('\u{1f600}', '\u{1f600}')).toBe(0)
})
