import { expect, test } from 'vitest'
import { offsetOrder, positionText } from '../../indexers/kafka/positions.ts'
import { clusterTimeOrder } from '../../indexers/mongodb/positions.ts'
import { gtidOrder } from '../../indexers/mysql/positions.ts'
import { lsnOrder } from '../../indexers/postgres/positions.ts'

const first = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const second = '4f22fa47-71ca-11e1-9e33-c80aa9429562'

type Case = readonly [at: string, wanted: string, expected: boolean | undefined]

test.for<Case>([
  ['0/1A2B3C8', '0/1A2B3C8', true],
  ['0/1A2B3C8', '0/1A2B3C9', false],
  // As numbers, not as texts.
  ['0/A0000000', '0/9FFFFFFF', true],
  ['0/10000000', '0/9000000', true],
  ['2/0', '1/FFFFFFFF', true],
  ['A/0', '9/0', true],
  ['a/0', 'A/0', true],
  // No transaction ends in the header of a page, and nothing ever stands there.
  ['0/2000', '0/2028', true],
  ['0/2000', '0/2029', false],
  // Where it was polled before.
  ['snapshot 742', '0/1', false],
])('a log at %s has passed %s: %s', ([at, wanted, expected]) => {
  expect(lsnOrder.covers(at, wanted)).toBe(expected)
})

test.for<Case>([
  ['0-1-42', '0-1-42', true],
  ['0-1-42', '0-1-43', false],
  ['0-1-100', '0-1-99', true],
  // Another server may have written in the same domain.
  ['0-2-42', '0-1-41', true],
  ['0-1-42,7-1-3', '7-1-3', true],
  ['0-1-42', '7-1-3', false],
  ['0-1-42,7-1-3', '0-1-42,7-1-4', false],
  // Of several servers in a domain, the last counts.
  ['0-1-5,0-2-9', '0-1-9', true],
  [`${first}:1-42`, `${first}:42`, true],
  [`${first}:1-42`, `${first}:43`, false],
  [`${first}:1-42`, `${first}:40-43`, false],
  [`${first}:1-5:7-42`, `${first}:6`, false],
  [`${first}:1-5:7-42`, `${first}:1-5:8`, true],
  [`${first}:1-5:7-42`, `${first}:4-8`, false],
  // Intervals that meet are one, in whatever order they are written.
  [`${first}:6-42:1-5`, `${first}:1-42`, true],
  [`${first}:1-42,${second}:1-7`, `${second}:7`, true],
  [`${first}:1-42`, `${second}:7`, false],
  [`${first.toUpperCase()}:1-42`, `${first}:3`, true],
  [`${first}:1-42,${second}:1-7`, `${first}:1-42, ${second}:1-8`, false],
  // Tagged ones are counted apart.
  [`${first}:1-42`, `${first}:orders:1`, false],
  [`${first}:1-42:orders:1-3`, `${first}:orders:3`, true],
  [`${first}:1-2:orders:1-9`, `${first}:3`, false],
  // Larger than what a double holds.
  ['0-1-9007199254740993', '0-1-9007199254740994', false],
  // One kind of server never gets to the other's.
  ['0-1-42', `${first}:1`, undefined],
  [`${first}:1`, '0-1-42', undefined],
  ['', '0-1-42', false],
])('a server at %s has passed %s: %s', ([at, wanted, expected]) => {
  expect(gtidOrder.covers(at, wanted)).toBe(expected)
})

test.for<Case>([
  ['0:42', '0:42', true],
  ['0:42', '0:43', false],
  ['0:100', '0:99', true],
  ['0:42,1:7', '1:7', true],
  ['0:42,1:7', '0:42,1:8', false],
  ['0:42', '1:0', false],
  ['0:-1', '0:0', false],
  // Not the end of another number.
  ['10:42', '0:1', false],
])('a topic at %s has passed %s: %s', ([at, wanted, expected]) => {
  expect(offsetOrder.covers(at, wanted)).toBe(expected)
})

test('a topic stands at the last message of each partition', () => {
  const lanes = [
    { partition: 0, next: 43n },
    { partition: 1, next: 0n },
  ]
  expect(positionText(lanes)).toBe('0:42,1:-1')
})

test.for<Case>([
  ['1790000000:3', '1790000000:3', true],
  ['1790000000:3', '1790000000:4', false],
  ['1790000001:1', '1790000000:9', true],
  ['1790000000:10', '1790000000:9', true],
  // A first read that has not ended.
  ['snapshot 2026-11-20T10:00:00.000Z', '1790000000:3', false],
])('a replica set at %s has passed %s: %s', ([at, wanted, expected]) => {
  expect(clusterTimeOrder.covers(at, wanted)).toBe(expected)
})

test('what is no position of a kind is told from one', () => {
  const none = [
    '',
    'now',
    '42',
    '2026-11-20T10:00:00Z',
    '0/',
    '0/1 ',
    '0-1',
    '0:',
    ':1',
    first,
    `${first}:`,
    `${first}:1-`,
  ]
  for (const order of [lsnOrder, gtidOrder, offsetOrder, clusterTimeOrder]) {
    expect(none.filter((text) => order.isPosition(text))).toEqual([])
  }
  expect([lsnOrder, gtidOrder, offsetOrder, clusterTimeOrder].map((order) => order.isPosition('16/B374D848'))).toEqual([
    true,
    false,
    false,
    false,
  ])
  expect(gtidOrder.isPosition(`${first}:1-3:11:orders:2,\n${second}:4`)).toBe(true)
  expect(offsetOrder.isPosition('0:42,1:7')).toBe(true)
})
