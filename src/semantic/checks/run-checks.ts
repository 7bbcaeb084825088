import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import type { Clock } from '../../core/clock.ts'
import { toAquiferError } from '../../core/errors.ts'
import type { CheckNote, LedgerNumbers } from '../../core/ledger-numbers.ts'
import type { Log } from '../../core/log.ts'
import type { Engine, EngineResult } from '../engine.ts'
import { compileCheck } from './compile-check.ts'
import type { CheckPart } from './compiled-check.ts'
import { modelsOf, type Guard } from './guards-of.ts'

/** What running checks needs. The layer has no faults and names a connection wherever there is one. */
export interface CheckContext {
  readonly layer: MetricLayer
  /** The engine of a connection, opened at first use. */
  readonly engine: (connection: string) => Promise<Engine>
  readonly ledger: Pick<LedgerNumbers, 'noteChecks'>
  readonly clock: Clock
  readonly log: Log
}

const limits = { rows: 1000, bytes: 1_000_000, timeoutMs: 60_000 }

/**
 * Runs these checks and keeps what they found. One that cannot be run is an `error` and stops no other. Those of one
 * connection run one after another, and a statement that several share runs once. Rejects only when the signal fires or
 * the ledger fails; what was found until then is kept.
 */
export async function runChecks(
  context: CheckContext,
  guards: readonly Guard[],
  signal?: AbortSignal,
): Promise<readonly CheckOutcome[]> {
  const run = await openRun(context, guards, signal)
  const groups = Map.groupBy(guards, (guard) => connectionOf(context.layer, guard))
  const notes = await Promise.all(
    [...groups.values()].map(async (group) => {
      const found: CheckNote[] = []
      try {
        for (const guard of group) {
          signal?.throwIfAborted()
          found.push(await check(context, run, guard))
        }
      } finally {
        await context.ledger.noteChecks({ notes: found })
      }
      return found
    }),
  )
  return notes.flat().map(({ definition: _definition, ...outcome }) => outcome)
}

interface Run {
  readonly signal: AbortSignal | undefined
  readonly engines: ReadonlyMap<string, PromiseSettledResult<Engine>>
  /** Results of statements, by connection and text. */
  readonly results: Map<string, Promise<EngineResult>>
}

async function openRun(
  { layer, engine }: CheckContext,
  guards: readonly Guard[],
  signal: AbortSignal | undefined,
): Promise<Run> {
  const names = [...new Set(guards.flatMap((guard) => connectionsOf(layer, guard)))]
  const opened = await Promise.allSettled(names.map((name) => engine(name)))
  const engines = new Map(
    names.flatMap((name, index) => {
      const result = opened[index]
      return result === undefined ? [] : [[name, result] as const]
    }),
  )
  return { signal, engines, results: new Map() }
}

function connectionsOf(layer: MetricLayer, { metric, check }: Guard): readonly string[] {
  const models = check.type === 'key' ? [check.model] : modelsOf(layer, metric)
  const others = check.type === 'reconcile' ? modelsOf(layer, check.with) : []
  return [...models, ...others].map((model) => layer.models[model]?.connection ?? '')
}

const connectionOf = (layer: MetricLayer, guard: Guard): string => connectionsOf(layer, guard)[0] ?? ''

function engineOf({ engines }: Run, connection: string | undefined): Engine {
  const opened = engines.get(connection ?? '')
  if (opened === undefined) throw new Error(`The connection ${connection ?? ''} was not opened`)
  if (opened.status === 'rejected') throw opened.reason
  return opened.value
}

async function check(context: CheckContext, run: Run, guard: Guard): Promise<CheckNote> {
  const { layer, clock, log } = context
  const { metric, name, definition } = guard
  const noted = (status: CheckNote['status'], message: string): CheckNote => ({
    metric,
    name,
    definition,
    status,
    message,
    at: new Date(clock.now()).toISOString(),
  })
  try {
    const compiled = compileCheck(layer, guard, { dialectOf: (connection) => engineOf(run, connection).dialect })
    const results: EngineResult[] = []
    for (const part of compiled.parts) results.push(await runOnce(run, part))
    const { status, message } = compiled.judge(results, clock.now())
    return noted(status, message)
  } catch (thrown) {
    run.signal?.throwIfAborted()
    const error = toAquiferError(thrown)
    log.warn({ metric, check: name, err: error }, 'a check could not be run')
    return noted('error', `${error.code}: ${error.message}`)
  }
}

function runOnce(run: Run, part: CheckPart): Promise<EngineResult> {
  const { connection, statement, tables } = part
  const key = JSON.stringify([connection, statement])
  const known = run.results.get(key)
  if (known !== undefined) return known
  const result = engineOf(run, connection).run(statement, { limits, tables, signal: run.signal })
  run.results.set(key, result)
  return result
}
