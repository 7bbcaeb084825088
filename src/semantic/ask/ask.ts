import type { Choice, NumbersAnswer, Receipt } from '../../../schemas/numbers.ts'
import type { Caller } from '../../core/caller.ts'
import type { AskOptions, NumbersRequest } from '../../core/numbers.ts'
import type { Compiled } from '../compile.ts'
import { toldOutcomes } from '../checks/told-outcomes.ts'
import { describeMetric } from '../describe-metric.ts'
import type { Cell } from '../engine.ts'
import type { Access } from '../plan/access.ts'
import type { Question } from '../question.ts'
import { hashOf } from '../trust/hash.ts'
import { policyHash } from '../trust/policy-hash.ts'
import { digestOf, signReceipt } from '../trust/receipt.ts'
import { absentValues } from './absent-values.ts'
import { compileFor } from './compile-for.ts'
import { accessFor, visibleMetrics, type NumbersContext } from './context.ts'
import { noticesOf, worst } from './notices.ts'
import { runCompiled, type Ran } from './run-compiled.ts'
import { questionOf, understand } from './understand.ts'

/** Answers a question: a table with its receipt, a refusal, or a choice. */
export async function ask(
  context: NumbersContext,
  request: NumbersRequest,
  caller: Caller,
  options: AskOptions = {},
): Promise<NumbersAnswer> {
  const understood = understand(context.layer, request, visibleMetrics(context, caller))
  if ('options' in understood)
    return {
      choice: await choose(context, { word: understood.word, names: understood.options, request, caller, options }),
    }
  const { question, notices } = understood
  const access = accessFor(context, caller)
  const compiled = await compileFor(context, question, access)
  if ('refusal' in compiled) return { refusal: { ...compiled.refusal, nearest: [...compiled.refusal.nearest] } }
  const at = new Date(context.clock.now()).toISOString()
  const kept = await context.kept({ question, compiled, access })
  const ran = await runCompiled(context, compiled, caller, options, kept)
  const outcomes = toldOutcomes(context.layer, await context.outcomes(question.metrics), { caller, access })
  const total = ran.total ?? (await countRows(context, question, { access, caller, options }))
  const receipt = receiptOf(context, {
    question,
    compiled,
    access,
    ran,
    at: ran.asOf ?? at,
    total,
    checks: worst(outcomes),
  })
  const totals = request.totals === true ? await totalsOf(context, { question, caller, options }) : undefined
  return {
    columns: ran.columns,
    rows: ran.rows,
    truncated: ran.truncated,
    total_rows: total,
    ...(totals === undefined ? {} : { totals }),
    notices: [
      ...noticesOf(context, { question, outcomes, ran, total, access, models: compiled.models }),
      ...notices,
      ...(await absentValues(context, { question, found: ran, caller, options })),
    ],
    receipt,
  }
}

interface Asking {
  readonly access: Access
  readonly caller: Caller
  readonly options: AskOptions
}

async function countRows(
  context: NumbersContext,
  question: Question,
  { access, caller, options }: Asking,
): Promise<number> {
  const compiled = await compileFor(context, question, access, true)
  if ('refusal' in compiled) return 0
  const { rows } = await runCompiled(context, compiled, caller, { signal: options.signal })
  return Number(rows[0]?.[0] ?? 0)
}

async function totalsOf(
  context: NumbersContext,
  { question, caller, options }: { readonly question: Question; readonly caller: Caller; readonly options: AskOptions },
): Promise<Cell[] | undefined> {
  if (question.metrics.length === 0) return undefined
  const whole: Question = { ...question, by: [], order: [], limit: undefined }
  const compiled = await compileFor(context, whole, accessFor(context, caller))
  if ('refusal' in compiled) return undefined
  const { rows } = await runCompiled(context, compiled, caller, { signal: options.signal })
  return [...(rows[0] ?? [])]
}

function receiptOf(
  { layer, secret }: NumbersContext,
  {
    question,
    compiled,
    access,
    ran,
    at,
    total,
    checks,
  }: {
    readonly question: Question
    readonly compiled: Compiled
    readonly access: Access
    readonly ran: Ran
    readonly at: string
    readonly total: number
    readonly checks: Receipt['checks']
  },
): Receipt {
  const { timeZone, ...asked } = question
  return signReceipt(
    {
      version: 1,
      question: {
        ...withoutUndefined(asked),
        metrics: [...question.metrics],
        by: [...question.by],
        order: [...question.order],
        ...(timeZone === undefined ? {} : { time_zone: timeZone }),
      },
      metrics: question.metrics.flatMap((name) => {
        const metric = describeMetric(layer, name)
        if (metric === undefined) return []
        const { version, definition_hash: hash, status, scope } = metric
        return [{ name, version, definition_hash: hash, status, scope }]
      }),
      connection: compiled.connection ?? null,
      dialect: ran.dialect,
      sql_hash: hashOf(compiled.statement),
      policy_hash: policyHash(layer, access, compiled.models),
      time_zone: compiled.timeZone,
      watermark: ran.watermark,
      as_of: at,
      checks,
      rows: total,
      given: ran.rows.length,
      digest: digestOf(
        ran.columns.map(({ name }) => name),
        ran.rows,
      ),
    },
    secret,
  )
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

// Keys without a value are left out, so what stays is defined.
const withoutUndefined = <T extends object>(given: T): Defined<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>

/** Each definition's value over everything the question covers, and how far they are apart. */
async function choose(
  context: NumbersContext,
  {
    word,
    names,
    request,
    caller,
    options,
  }: {
    readonly word: string
    readonly names: readonly string[]
    readonly request: NumbersRequest
    readonly caller: Caller
    readonly options: AskOptions
  },
): Promise<Choice> {
  const values = await Promise.all(
    names.map(async (name) => {
      const whole = questionOf({ ...request, by: [], order: [], limit: undefined }, [name])
      const compiled = await compileFor(context, whole, accessFor(context, caller))
      if ('refusal' in compiled) return null
      const { rows } = await runCompiled(context, compiled, caller, { signal: options.signal })
      return rows[0]?.[0] ?? null
    }),
  )
  return {
    asked: word,
    options: names.map((name, index) => {
      const { description = null, scope = null, status = 'draft' } = context.layer.metrics[name] ?? {}
      return { metric: name, description, scope, status, value: values[index] ?? null }
    }),
    difference: differenceOf(names, values.map(Number)),
  }
}

function differenceOf(names: readonly string[], values: readonly number[]): string {
  const known = names.flatMap((name, index) => {
    const value = values[index] ?? Number.NaN
    return Number.isFinite(value) ? [{ name, value }] : []
  })
  const [lowest, ...rest] = known.toSorted((a, b) => a.value - b.value)
  const highest = rest.at(-1)
  if (lowest === undefined || highest === undefined) return 'They could not all be computed.'
  const apart = highest.value - lowest.value
  if (apart === 0) return 'They are equal here.'
  const share = highest.value === 0 ? '' : ` (${((apart / Math.abs(highest.value)) * 100).toFixed(1)} % of it)`
  return `${highest.name} is ${String(Number(apart.toPrecision(12)))} above ${lowest.name}${share}.`
}
