import { expect, test } from 'vitest'
import { createFairQueue } from '../../src/stores/postgres/embedded/fair-queue.ts'

function filled(): ReturnType<typeof createFairQueue<string>> {
  const queue = createFairQueue<string>()
  for (const item of ['w1', 'w2', 'w3']) queue.push('write', item)
  for (const item of ['r1', 'r2', 'r3', 'r4']) queue.push('read', item)
  return queue
}

test('reads go first, each lane in its order', () => {
  const queue = filled()
  expect(Array.from({ length: 8 }, () => queue.next())).toEqual(['r1', 'r2', 'r3', 'r4', 'w1', 'w2', 'w3', undefined])
})

test('reads that took as long as the last write let a write through', () => {
  const queue = filled()
  queue.ran('write', 100)
  const order: (string | undefined)[] = []
  for (const [lane, ms] of [
    ['read', 60],
    ['read', 60],
    ['write', 30],
    ['read', 40],
    ['write', 10],
  ] as const) {
    order.push(queue.next())
    queue.ran(lane, ms)
  }
  expect(order).toEqual(['r1', 'r2', 'w1', 'r3', 'w2'])
})

test('reads that wait alone are not held back', () => {
  const queue = createFairQueue<string>()
  queue.push('read', 'r1')
  queue.push('read', 'r2')
  queue.ran('read', 10_000)
  expect([queue.next(), queue.next()]).toEqual(['r1', 'r2'])
})

test('what is put back comes before the rest of its lane, and what is removed never comes', () => {
  const queue = filled()
  queue.putBack('write', 'w0')
  expect(queue.remove((item) => item.startsWith('r') || item === 'w2')).toEqual(['r1', 'r2', 'r3', 'r4', 'w2'])
  expect([queue.next(), queue.next(), queue.next()]).toEqual(['w0', 'w1', 'w3'])
})
