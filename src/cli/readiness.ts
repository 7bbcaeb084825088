import type { App } from '../app.ts'
import type { Readiness } from '../http/readiness.ts'
import type { Log } from '../core/log.ts'
import { watchProgress, type Progress, type Stall } from '../search/watch-progress.ts'

type Check = Readiness['checks'][number]

/** Ready means that the stores answer, and that what they hold moves on. */
export function createReadyCheck(app: App, log: Log): () => Promise<Readiness> {
  const { ledger, projection } = app
  const look = watchProgress(app.search())
  let told = ''
  const progress = async (): Promise<Check> => {
    const found = await look().catch((): Progress => ({ stalls: [], waiting: [] }))
    const names = found.stalls.map(({ kind, source }) => `${kind} ${source}`).join(', ')
    // Names of sources are for those who read the log, not for anybody who asks.
    if (names !== told && names !== '') log.error({ stalls: found.stalls }, `no progress: ${names}`)
    told = names
    const reason = reasonOf(found.stalls)
    return reason === undefined ? { name: 'progress', ok: true } : { name: 'progress', ok: false, reason }
  }
  return async () => {
    const checks = await Promise.all([
      ask('ledger', ledger.status()),
      ...(projection === undefined ? [] : [ask('lexical', projection.check())]),
      progress(),
    ])
    return { ok: checks.every(({ ok }) => ok), checks }
  }
}

/** Of how many sources, without their names; undefined where all is well. */
function reasonOf(stalls: readonly Stall[]): string | undefined {
  const count = (kind: Stall['kind']): string => {
    const found = stalls.filter((stall) => stall.kind === kind).length
    return `${String(found)} ${found === 1 ? 'source' : 'sources'}`
  }
  const reasons = [
    ...(stalls.some(({ kind }) => kind === 'stale') ? [`${count('stale')} older than promised`] : []),
    ...(stalls.some(({ kind }) => kind === 'stuck') ? [`the word index stands still behind ${count('stuck')}`] : []),
  ]
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

async function ask(name: string, store: Promise<unknown>): Promise<Check> {
  const ok = await store.then(
    () => true,
    () => false,
  )
  return { name, ok }
}
