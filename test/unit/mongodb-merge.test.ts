import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { merge } from '../../indexers/mongodb/merge.ts'
import { collect } from '../kit/indexer-reading.ts'

async function* counting(name: string, pauseMs: number): AsyncGenerator<string> {
  for (const index of [1, 2]) {
    await sleep(pauseMs)
    yield `${name}${String(index)}`
  }
}

test('a stream that waits keeps none of the others back', async () => {
  expect(await collect(merge([counting('slow', 100), counting('fast', 1)]))).toEqual([
    'fast1',
    'fast2',
    'slow1',
    'slow2',
  ])
})

async function* failing(): AsyncGenerator<string> {
  yield 'one'
  throw new Error('lost')
}

test('an error of one ends all', async () => {
  await expect(collect(merge([failing(), counting('slow', 100)]))).rejects.toThrow('lost')
})
