import { expect, test } from 'vitest'
import { isEarlierOffset } from '../../indexers/kafka/offset-order.ts'
import { isEarlierInLog } from '../../indexers/postgres/stream/lsn.ts'

test.each([
  ['0/9', '0/A', true],
  ['0/A', '0/A', false],
  ['1/0', '0/FFFFFFFF', false],
  ['0/FFFFFFFF', '1/0', true],
  ['A/10', 'A/9', false],
  // Of a source that was polled.
  ['2026-01-01T00:00:00Z', '0/A', false],
  ['0/A', 'snapshot 754', false],
])('in a log of Postgres %s comes before %s: %s', (position, than, expected) => {
  expect(isEarlierInLog(position, than)).toBe(expected)
})

test.each([
  ['0:9', '0:10', true],
  ['0:10', '0:10', false],
  ['0:11', '0:10', false],
  ['1:9', '0:10', false],
  ['3:9007199254740993', '3:9007199254740994', true],
])('in a topic %s comes before %s: %s', (position, than, expected) => {
  expect(isEarlierOffset(position, than)).toBe(expected)
})
