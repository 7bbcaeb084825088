import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Clock } from '../../core/clock.ts'
import { AquiferError, toAquiferError, toErrorView } from '../../core/errors.ts'
import type { KeepAnswer, KeptState, LedgerNumbers } from '../../core/ledger-numbers.ts'
import type { Log } from '../../core/log.ts'
import type { Cell, Engine, EngineResult } from '../engine.ts'
import { changedPart } from './changed-part.ts'
import { compileKept, keptPolicy, type KeptQuery } from './kept-queries.ts'
import { isMoment } from './periods.ts'
import { isVolatile, probeOf } from './probe.ts'

export interface RefreshContext {
  readonly layer: MetricLayer
  /** The engine of a connection, opened at first use. */
  readonly engine: (connection: string) => Promise<Engine>
  readonly ledger: Pick<LedgerNumbers, 'keepAnswer' | 'confirmAnswer' | 'noteKeptFailure'>
  readonly origin: (connection: string | undefined) => string
  readonly clock: Clock
  readonly log: Log
}

/** unchanged: nothing was written since; changed: only its latest periods were computed again. */
export interface Refreshed {
  readonly query: string
  readonly how: 'unchanged' | 'changed' | 'whole' | 'failed'
  readonly error: AquiferError | undefined
}

/** What an answer in the ledger may hold: it is read whole, in milliseconds. */
const limits = { rows: 100_000, bytes: 16_000_000, timeoutMs: 300_000 }

/**
 * Brings what is kept of a saved query up to date. A failure is kept too, and the answer before it stays. Rejects only when
 * the signal fires or the ledger fails.
 */
export async function refreshKept(
  context: RefreshContext,
  name: string,
  { state, signal }: { readonly state: KeptState | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Refreshed> {
  const { ledger, clock, log } = context
  let definition = ''
  try {
    const { engine, kept } = await compile(context, name)
    definition = kept.definition
    const how = await refresh(context, kept, { engine, signal, state: stateOf(kept, state) })
    return { query: name, how, error: undefined }
  } catch (thrown) {
    signal?.throwIfAborted()
    const error = toAquiferError(thrown)
    if (error.code.startsWith('LEDGER_')) throw error
    log.warn({ query: name, err: error }, 'a saved query could not be computed')
    const at = new Date(clock.now()).toISOString()
    // Without an engine there is no definition: what was kept stays what it is.
    const known = definition === '' ? (state?.definition ?? '') : definition
    await ledger.noteKeptFailure({ name, policy: keptPolicy, definition: known, error: toErrorView(error), at })
    return { query: name, how: 'failed', error }
  }
}

/** The definition that an answer would have now; undefined where it cannot even be compiled. */
export async function definitionOfKept(context: RefreshContext, name: string): Promise<string | undefined> {
  return compile(context, name).then(
    ({ kept }) => kept.definition,
    () => undefined,
  )
}

/** Of an answer of this very definition. */
const stateOf = ({ definition }: KeptQuery, state: KeptState | undefined): KeptState | undefined =>
  state?.complete === true && state.definition === definition ? state : undefined

async function compile(
  { layer, engine: open, origin }: RefreshContext,
  name: string,
): Promise<{ readonly engine: Engine; readonly kept: KeptQuery }> {
  const first = compileKept(layer, name, { dialect: 'duckdb', origin: '' })
  if ('refusal' in first) throw new AquiferError('METRIC_QUESTION_INVALID', first.refusal.message)
  const { connection } = first.compiled
  const engine = await open(connection ?? '')
  const kept = compileKept(layer, name, { dialect: engine.dialect, origin: origin(connection) })
  if ('refusal' in kept) throw new AquiferError('METRIC_QUESTION_INVALID', kept.refusal.message)
  return { engine, kept }
}

interface Work {
  readonly engine: Engine
  readonly state: KeptState | undefined
  readonly signal: AbortSignal | undefined
}

async function refresh(context: RefreshContext, kept: KeptQuery, work: Work): Promise<Refreshed['how']> {
  const { layer, ledger, clock } = context
  const { engine, state, signal } = work
  if (state !== undefined && !(await isLively(layer, kept, engine))) {
    const asOf = new Date(clock.now()).toISOString()
    const { watermark } = await engine.run(probeOf(layer, kept, engine.dialect), {
      limits,
      tables: kept.compiled.tables,
      signal,
    })
    if (watermark === state.watermark) {
      await ledger.confirmAnswer({ name: kept.name, policy: keptPolicy, definition: kept.definition, watermark, asOf })
      return 'unchanged'
    }
    const changed = changedPart(layer, kept, { state, dialect: engine.dialect })
    if (changed !== undefined && (await compute(context, kept, { ...work, changed }))) return 'changed'
  }
  await compute(context, kept, { ...work, changed: undefined })
  return 'whole'
}

/** Whether it may give something else though nothing was written, as far as the models say or the database knows. */
async function isLively(layer: MetricLayer, { compiled }: KeptQuery, engine: Engine): Promise<boolean> {
  const { models, tables } = compiled
  // What a query of somebody's own reads may be a view.
  if (models.some((name) => layer.models[name]?.query !== undefined) || isVolatile(layer, models)) return true
  return (await engine.hasViews?.(tables)) ?? false
}

/** Whether it was kept. */
async function compute(
  { ledger, clock }: RefreshContext,
  { name, definition, compiled, period }: KeptQuery,
  { engine, signal, changed }: Work & { readonly changed: ReturnType<typeof changedPart> },
): Promise<boolean> {
  const asOf = new Date(clock.now()).toISOString()
  const { statement, tables } = changed?.compiled ?? compiled
  const result = await engine.run(statement, { limits, tables, signal })
  if (result.truncated) {
    const message = `The saved query ${name} has more than ${limits.rows.toLocaleString('en-US')} rows or ${String(limits.bytes / 1e6)} MB, and is not kept.`
    throw new AquiferError('METRIC_TOO_LARGE', message)
  }
  const answer: KeepAnswer = {
    name,
    policy: keptPolicy,
    definition,
    columns: result.columns.map((column, index) => ({ ...column, name: compiled.columns[index]?.name ?? column.name })),
    watermark: result.watermark,
    asOf,
    since: changed?.since,
    parts: period === undefined ? [{ period: '', rows: result.rows }] : partsOf(name, result),
  }
  return (await ledger.keepAnswer(answer)).kept
}

function partsOf(name: string, { rows }: EngineResult): KeepAnswer['parts'] {
  const parts = Map.groupBy(rows, ([cell]) => periodOf(name, cell ?? null))
  return [...parts].map(([period, own]) => ({ period, rows: own }))
}

function periodOf(name: string, cell: Cell): string {
  if (cell === null) return 'null'
  if (isMoment(cell)) return cell
  throw new AquiferError(
    'METRIC_DATA_INVALID',
    `The saved query ${name} has times outside of the years 0 to 9999, and is not kept.`,
  )
}
