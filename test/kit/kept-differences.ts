import type { MetricLayer } from '../../schemas/metrics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import { compileQuestion, type Compiled } from '../../src/semantic/compile.ts'
import type { Engine, EngineResult } from '../../src/semantic/engine.ts'
import { keptAnswer } from '../../src/semantic/kept/kept-answer.ts'
import { compileKept, everything } from '../../src/semantic/kept/kept-queries.ts'
import { refreshKept } from '../../src/semantic/kept/refresh-kept.ts'
import type { Question } from '../../src/semantic/question.ts'
import { generateQuestion } from './differential/generate-question.ts'
import type { Generated } from './differential/generated.ts'
import { keptVariant } from './kept-variants.ts'
import { memoryLedgerNumbers } from './memory-ledger-numbers.ts'
import { createRandom, type Random } from './random.ts'

export interface KeptTally {
  asked: number
  answered: number
  /** By what was done to the rows. */
  readonly ways: Map<string, number>
  readonly wrong: string[]
}

export const newTally = (): KeptTally => ({ asked: 0, answered: 0, ways: new Map(), wrong: [] })

const limits = { rows: 100_000, bytes: 100_000_000, timeoutMs: 60_000 }
const origin = (): string => 'here'

/** Keeps random questions of a layer and asks for what is near them, of the ledger and of the database. */
export async function compareKept(
  generated: Generated,
  engine: Engine,
  { tally, kept, variants }: { readonly tally: KeptTally; readonly kept: number; readonly variants: number },
): Promise<void> {
  const random = createRandom(generated.seed * 7919 + 13)
  for (let round = 0; round < kept; round += 1) {
    const saved = keptQuestion(random, generated)
    const layer = layerWith(generated.layer, saved)
    const shape = await keep(layer, engine)
    if (shape === undefined) continue
    for (let at = 0; at < variants; at += 1) {
      const asked = at === 0 ? saved : keptVariant(random, { question: saved, ...shape })
      await compare(layer, engine, { ledger: shape.ledger, asked, tally, seed: generated.seed })
    }
  }
}

/** As somebody would keep it: mostly simple metrics by a period and without a condition, so that much can be had from it. */
function keptQuestion(random: Random, generated: Generated): Question {
  const asked = generateQuestion(random, generated)
  const { timeZone: _zone, from: _from, to: _to, limit, where, by, metrics, ...question } = asked
  if (random.next() < 0.4) return { ...question, metrics, by, where, limit: random.next() < 0.7 ? undefined : limit }
  const simple = Object.entries(generated.layer.metrics).flatMap(([name, { type }]) =>
    type === 'simple' ? [name] : [],
  )
  const others = by.filter((name) => !name.startsWith('metric_time'))
  const [grain = 'day'] = random.some(['day', 'day', 'month', 'week', 'hour'], 1)
  return {
    ...question,
    metrics: random.next() < 0.5 ? metrics : random.some(simple, random.int(1, 3)),
    order: [],
    by: random.next() < 0.7 ? [`metric_time__${grain}`, ...others] : [...others, `metric_time__${grain}`],
    where: random.next() < 0.8 ? undefined : where,
  }
}

function layerWith(layer: MetricLayer, { metrics, by, where, order, limit }: Question): MetricLayer {
  const query = { metrics: [...metrics], by: [...by], where, order: [...order], limit, every: 3_600_000, synonyms: [] }
  return { ...layer, queries: { kept: { ...query, label: undefined, description: undefined } } }
}

async function keep(layer: MetricLayer, engine: Engine) {
  const ledger = memoryLedgerNumbers()
  const context = {
    layer,
    engine: () => Promise.resolve(engine),
    ledger,
    origin,
    clock: systemClock,
    log: silentLog,
  }
  const { how } = await refreshKept(context, 'kept', { state: undefined })
  if (how === 'failed') return undefined
  const query = compileKept(layer, 'kept', { dialect: engine.dialect, origin: 'here' })
  if ('refusal' in query) return undefined
  const whole = await ledger.keptAnswer({
    name: 'kept',
    policy: 'unrestricted',
    definition: query.definition,
    from: undefined,
    until: undefined,
  })
  return { ledger, columns: query.compiled.columns, rows: whole?.rows ?? [] }
}

function compile(layer: MetricLayer, asked: Question, engine: Engine): Compiled | undefined {
  try {
    const compiled = compileQuestion(layer, asked, { dialect: engine.dialect, access: everything(layer) })
    return 'refusal' in compiled ? undefined : compiled
  } catch (error) {
    if (error instanceof AquiferError && error.code === 'METRIC_QUESTION_INVALID') return undefined
    throw error
  }
}

async function compare(
  layer: MetricLayer,
  engine: Engine,
  {
    ledger,
    asked,
    tally,
    seed,
  }: {
    readonly ledger: ReturnType<typeof memoryLedgerNumbers>
    readonly asked: Question
    readonly tally: KeptTally
    readonly seed: number
  },
): Promise<void> {
  const compiled = compile(layer, asked, engine)
  if (compiled === undefined) return
  tally.asked += 1
  const request = { question: asked, compiled, access: everything(layer), dialect: engine.dialect }
  const kept = await keptAnswer({ layer, ledger, origin, clock: systemClock }, request)
  if (kept === undefined) return
  tally.answered += 1
  const way = wayOf(layer, asked)
  tally.ways.set(way, (tally.ways.get(way) ?? 0) + 1)
  const given = await engine.run(compiled.statement, { limits, tables: compiled.tables }).catch(String)
  const difference = typeof given === 'string' ? given : differenceOf(kept.result, given)
  if (difference === undefined) return
  const saved = layer.queries['kept']
  const told = JSON.stringify({ seed, metrics: saved?.metrics, by: saved?.by, where: saved?.where, asked })
  tally.wrong.push(`${difference}\n${told}`)
}

function wayOf({ queries }: MetricLayer, asked: Question): string {
  const saved = queries['kept']
  const parts = [
    ...(asked.metrics.length < (saved?.metrics.length ?? 0) ? ['fewer'] : []),
    ...(asked.by.filter((name) => name.startsWith('metric_time')).join() ===
    saved?.by.filter((name) => name.startsWith('metric_time')).join()
      ? []
      : ['time']),
    ...((asked.where ?? '') === (saved?.where ?? '') ? [] : ['where']),
    ...(asked.from === undefined && asked.to === undefined ? [] : ['bounds']),
    ...(asked.order.length > 0 ? ['order'] : []),
  ]
  return parts.join(' ')
}

/** Columns, rows and their order; doubles to as many digits as receipts have. */
function differenceOf(kept: EngineResult, given: EngineResult): string | undefined {
  const [one, other] = [linesOf(kept), linesOf(given)]
  if (one.length !== other.length) return `${String(one.length - 1)} rows in place of ${String(other.length - 1)}`
  const at = one.findIndex((row, index) => row !== other[index])
  return at === -1 ? undefined : `row ${String(at)}: ${one[at] ?? ''} in place of ${other[at] ?? ''}`
}

const linesOf = ({ columns, rows }: EngineResult): readonly string[] => [
  JSON.stringify(columns),
  ...rows.map((row) =>
    JSON.stringify(row.map((cell) => (typeof cell === 'number' ? Number(cell.toPrecision(11)) : cell))),
  ),
]
