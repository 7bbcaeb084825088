import { describe, expect, test } from 'vitest'
import { createBatchQueue } from '../../src/models/batch-queue.ts'
import type { BatchQueue, Waiting } from '../../src/models/batch-queue.ts'

function items(job: string, ...lengths: number[]): Waiting<string>[] {
  return lengths.map((length, index) => ({ job, index, ids: Array.from({ length }, () => 7) }))
}

function shape(queue: BatchQueue<string>): string {
  return queue
    .next()
    .map(({ job, ids }) => `${job}${ids.length}`)
    .join(' ')
}

describe('the queue of the local model', () => {
  test('sorts the texts of a call by length, and counts padding', () => {
    const queue = createBatchQueue<string>(100)
    queue.add(items('a', 10, 50, 30, 40, 20), 'passage')
    expect(shape(queue)).toBe('a50 a40')
    expect(shape(queue)).toBe('a30 a20 a10')
    expect(shape(queue)).toBe('')
  })

  test('runs a text that is longer than a batch alone', () => {
    const queue = createBatchQueue<string>(100)
    queue.add(items('a', 256, 20), 'passage')
    expect(shape(queue)).toBe('a256')
    expect(shape(queue)).toBe('a20')
  })

  test('lets a question go before the passages that wait', () => {
    const queue = createBatchQueue<string>(100)
    queue.add(items('p', 100, 100), 'passage')
    expect(shape(queue)).toBe('p100')
    queue.add(items('q', 9), 'query')
    expect(shape(queue)).toBe('q9')
    expect(shape(queue)).toBe('p100')
  })

  test('runs the questions of several callers together', () => {
    const queue = createBatchQueue<string>(100)
    for (const caller of ['a', 'b', 'c']) queue.add(items(caller, 12), 'query')
    expect(shape(queue)).toBe('a12 b12 c12')
  })

  test('does not starve passages under a stream of questions', () => {
    const queue = createBatchQueue<string>(10)
    queue.add(items('p', 10), 'passage')
    for (let i = 0; i < 20; i++) queue.add(items('q', 10), 'query')
    const order = Array.from({ length: 21 }, () => shape(queue))
    expect(order.indexOf('p10')).toBe(8)
  })

  test('forgets a job that was removed', () => {
    const queue = createBatchQueue<string>(100)
    queue.add(items('a', 10), 'passage')
    queue.add(items('b', 10), 'passage')
    queue.remove('a')
    expect(shape(queue)).toBe('b10')
  })
})
