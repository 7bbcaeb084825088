import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openTurns } from '../../src/jobs/open-turns.ts'
import { openTestDatabase } from '../kit/postgres.ts'
import { withClient } from '../kit/postgres-databases.ts'
import { serverUrl } from '../kit/server-url.ts'
import { testName } from '../kit/test-name.ts'
import { until } from '../kit/until.ts'

interface Worker {
  /** Names this one has now. */
  readonly has: ReadonlySet<string>
  /** Each turn that it took, in order. */
  readonly took: readonly string[]
  stop(): Promise<void>
}

/** Holds every turn until it is asked to end it. */
function startWorker(
  url: string,
  names: readonly string[],
  { atOnce, turnMs }: { atOnce: number; turnMs: number },
): Worker {
  const stop = new AbortController()
  const has = new Set<string>()
  const took: string[] = []
  const turns = openTurns({ url, schema: 'aquifer', atOnce, turnMs, clock: systemClock, log: silentLog })
  const take = async (name: string, signal: AbortSignal): Promise<void> => {
    has.add(name)
    took.push(name)
    await systemClock.sleep(600_000, signal)
    has.delete(name)
  }
  const running = turns.run(names, take, stop.signal)
  running.catch(() => {})
  return {
    has,
    took,
    stop: async () => {
      stop.abort()
      await running
    },
  }
}

test('names are shared by processes with room for them, and each is with one of them only', async () => {
  await using database = await openTestDatabase()
  const names = ['a', 'b', 'c']
  const first = startWorker(database.url, names, { atOnce: 2, turnMs: 600_000 })
  await until(async () => first.has.size === 2)
  const second = startWorker(database.url, names, { atOnce: 2, turnMs: 600_000 })
  await until(async () => second.has.size === 1)
  expect([...first.has, ...second.has].toSorted()).toEqual(['a', 'b', 'c'])

  // What a process gives back is taken by the other, as far as it has room.
  await first.stop()
  await until(async () => second.has.size === 2)
  expect(first.has.size).toBe(0)
  await second.stop()
  expect(second.has.size).toBe(0)
}, 60_000)

test('with more names than room a turn ends when another name waits, and all have theirs before any has another', async () => {
  await using database = await openTestDatabase()
  const names = ['a', 'b', 'c', 'd', 'e']
  const worker = startWorker(database.url, names, { atOnce: 2, turnMs: 300 })
  await until(async () => worker.took.length >= 11)
  await worker.stop()
  expect(worker.took.slice(0, 5).toSorted()).toEqual(names)
  expect(worker.took.slice(5, 10).toSorted()).toEqual(names)
}, 90_000)

test('nobody who waits in vain takes a turn from anybody', async () => {
  await using database = await openTestDatabase()
  const worker = startWorker(database.url, ['a', 'b'], { atOnce: 2, turnMs: 200 })
  await until(async () => worker.has.size === 2)
  await systemClock.sleep(3000)
  expect(worker.took.toSorted()).toEqual(['a', 'b'])
  await worker.stop()
}, 60_000)

test('a queue that cannot be made says whose right is missing', async () => {
  await using database = await openTestDatabase()
  const role = testName('_')
  await withClient(serverUrl('postgres'), (client) => client.query(`create role ${role} login`))
  try {
    const url = new URL(database.url)
    url.username = role
    const turns = openTurns({ url: url.href, schema: 'aquifer', atOnce: 1, clock: systemClock, log: silentLog })
    await expect(turns.run(['a'], async () => {}, new AbortController().signal)).rejects.toMatchObject({
      code: 'LEDGER_FAILED',
      message: 'The queue that shares sources among processes could not be opened.',
      fix: "Let the ledger's role create schemas in its database, or make it the owner of a schema aquifer_jobs.",
    })
  } finally {
    await withClient(serverUrl('postgres'), (client) => client.query(`drop role ${role}`))
  }
}, 60_000)
