import { createHash } from 'node:crypto'
import { PgBoss } from 'pg-boss'
import type { Clock } from '../core/clock.ts'
import { AquiferError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Turns } from '../core/turns.ts'

export interface TurnsOptions {
  /** Of the ledger's database. */
  readonly url: string
  /** The ledger's; the queue has a schema of its own beside it. */
  readonly schema: string
  /** So many names are taken by this process at once. */
  readonly atOnce: number
  readonly clock: Clock
  readonly log: Log
  /** A turn ends after so long if another name waits for one. */
  readonly turnMs?: number
}

/** What a process that died had is given to another one after this time and a look of the queue. */
const heartbeatSeconds = 10
const superviseSeconds = 5
/** Done jobs stay for whoever examines the queue. */
const keptSeconds = 3600
const longestTurnSeconds = 12 * 3600

interface Job {
  readonly name: string
}

/**
 * Turns by a queue in the ledger's Postgres, with a job for each name that waits or is taken. Whoever has room takes the one
 * that waited longest. A job may be lost at any time: every process puts back what is missing.
 */
export function openTurns(options: TurnsOptions): Turns {
  const { atOnce, clock, log, turnMs = 30_000 } = options
  return {
    run: async (names, take, signal) => {
      // Processes with other names, as while a new configuration is rolled out, do not take each other's jobs.
      const queue = `sync-${digestOf(names.toSorted().join('\n'))}`
      const taken = new Map<string, { readonly sinceMs: number; readonly turn: AbortController }>()
      let waiting: string | undefined
      await using boss = await startBoss(options)

      const putBack = async (): Promise<void> => {
        const missing = names.filter((name) => !taken.has(name))
        await Promise.all(missing.map((name) => boss.send(queue, { name }, { singletonKey: digestOf(name) })))
      }
      /** One turn a look: that of whoever had it longest, for whoever waits since the look before. */
      const yieldOne = async (): Promise<void> => {
        const oldest = [...taken.values()].toSorted((a, b) => a.sinceMs - b.sinceMs)[0]
        if (oldest === undefined || clock.passed() - oldest.sinceMs < turnMs) return
        const [next] = await boss.findJobs(queue, { queued: true, limit: 1 })
        if (next !== undefined && next.id === waiting) oldest.turn.abort()
        waiting = next?.id
      }
      const takeOne = async (name: string, lost: AbortSignal): Promise<void> => {
        if (signal.aborted || taken.has(name)) return
        const turn = new AbortController()
        taken.set(name, { sinceMs: clock.passed(), turn })
        try {
          await take(name, AbortSignal.any([signal, turn.signal, lost]))
        } finally {
          taken.delete(name)
        }
      }

      await boss.createQueue(queue, {
        policy: 'exclusive',
        retryLimit: 0,
        heartbeatSeconds,
        expireInSeconds: longestTurnSeconds,
        deleteAfterSeconds: keptSeconds,
      })
      await putBack()
      await boss.work<Job>(
        queue,
        { batchSize: 1, localConcurrency: atOnce, pollingIntervalSeconds: 1 },
        async (jobs) => {
          for (const job of jobs) await takeOne(job.data.name, job.signal)
        },
      )
      while (!signal.aborted) {
        await clock.sleep(Math.min(2000, turnMs), signal)
        if (signal.aborted) break
        await putBack()
          .then(yieldOne)
          .catch((error: unknown) => log.warn({ err: error }, 'could not look at who waits for a turn'))
      }
    },
  }
}

/** Disposing it waits until every call has ended. */
async function startBoss({ url, schema, log }: TurnsOptions): Promise<PgBoss & AsyncDisposable> {
  // A name has at most 63 bytes.
  const own = `${schema.slice(0, 58)}_jobs`
  const boss = new PgBoss({
    connectionString: url,
    schema: own,
    application_name: 'aquifer',
    max: 3,
    schedule: false,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
  })
  boss.on('error', (error) => log.warn({ err: error }, 'the queue of turns failed'))
  try {
    await boss.start()
  } catch (error) {
    await boss.stop({ graceful: false })
    throw new AquiferError('LEDGER_FAILED', 'The queue that shares sources among processes could not be opened.', {
      cause: error,
      fix: `Let the ledger's role create schemas in its database, or make it the owner of a schema ${own}.`,
    })
  }
  return Object.assign(boss, {
    [Symbol.asyncDispose]: () => boss.stop({ graceful: true, timeout: 60_000 }),
  })
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
