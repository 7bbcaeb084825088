import type { NumbersTable } from '../../../schemas/numbers.ts'
import { AquiferError } from '../../core/errors.ts'
import type { NumbersRequest } from '../../core/numbers.ts'
import type { GlobalOptions, Run } from '../run.ts'
import { terminalWidth } from '../terminal-width.ts'
import { answerText } from './answer-text.ts'
import { askNumbers, type Asking } from './ask-numbers.ts'
import { choiceText } from './choice-text.ts'
import { explanationText, statementText } from './explanation-text.ts'
import { noticeLines } from './notice-lines.ts'
import { refusalText } from './refusal-text.ts'
import { replaceFile } from './replace-file.ts'
import { printCsv, writeCsvFile } from './write-csv.ts'

export interface QueryFlags extends GlobalOptions {
  readonly by?: readonly string[]
  readonly where?: string
  readonly from?: string
  readonly to?: string
  readonly order?: readonly string[]
  readonly limit?: number
  readonly timeZone?: string
  readonly allRows?: boolean
  readonly extent?: boolean
  readonly totals?: boolean
  readonly csv?: string | true
  readonly parquet?: string
  readonly receipt?: string
  readonly sql?: boolean
  readonly explain?: boolean
}

/** What people and programs are shown; files take more. */
const shownRows = 1000
const fileRows = 1_000_000

/** No answer, but a reason or a choice: whoever asked has to ask otherwise. */
const askOtherwise = 64

export async function query(run: Run, metrics: readonly string[], flags: QueryFlags): Promise<number | void> {
  checkFlags(run, metrics, flags)
  const request = toRequest(metrics, flags)
  return askNumbers(run, async (asking) => {
    if (flags.sql === true || flags.explain === true) return explain(run, asking, request, flags)
    const toFile = flags.csv !== undefined || flags.parquet !== undefined
    const answer = await asking.wait(
      'Asking the database',
      asking.numbers.ask(request, asking.caller, {
        signal: run.signal,
        maxRows: toFile ? fileRows : (flags.limit ?? shownRows),
      }),
    )
    if ('choice' in answer) {
      tell(run, flags, answer, () => choiceText(answer.choice, request, terminalWidth()))
      return askOtherwise
    }
    if ('refusal' in answer) {
      const names = (await asking.numbers.list(asking.caller)).map(({ name }) => name)
      tell(run, flags, answer, () => refusalText(answer.refusal, request, names))
      return askOtherwise
    }
    return give(run, answer, flags)
  })
}

function checkFlags(
  run: Run,
  metrics: readonly string[],
  { by = [], csv, parquet, extent, allRows }: QueryFlags,
): void {
  // `--csv revenue` would take the metric for the file, and ask for something else.
  if (typeof csv === 'string' && csv !== '-' && !/[./\\]/.test(csv)) {
    fail(`Is ${csv} a metric or the file of --csv? Write the metrics first, and a file as ${csv}.csv or ./${csv}`)
  }
  if (metrics.length === 0 && by.length === 0) fail('Name a metric, or with --by what it should be asked by.')
  if (run.json && isStdout(csv)) fail('--csv without a file and --json both write to stdout; give --csv a file.')
  if (csv !== undefined && parquet !== undefined && isStdout(csv)) fail('--parquet goes with --csv FILE only.')
  if (metrics.length > 0 && (extent === true || allRows === true)) {
    fail('--extent and --all-rows are for questions without a metric.')
  }
}

function fail(message: string): never {
  throw new AquiferError('ARGUMENT_INVALID', message)
}

const isStdout = (csv: QueryFlags['csv']): boolean => csv === true || csv === '-'

function toRequest(metrics: readonly string[], flags: QueryFlags): NumbersRequest {
  const { by, where, from, to, order, limit, timeZone, extent, totals } = flags
  return { metrics, by, where, from, to, order, limit, timeZone, distinct: flags.allRows !== true, extent, totals }
}

async function explain(
  run: Run,
  { numbers, caller }: Asking,
  request: NumbersRequest,
  flags: QueryFlags,
): Promise<number | void> {
  const explanation = await numbers.explain(request, caller)
  if ('refusal' in explanation) {
    const names = (await numbers.list(caller)).map(({ name }) => name)
    run.print(explanation, () => refusalText(explanation.refusal, request, names))
    return askOtherwise
  }
  run.print(explanation, () => (flags.sql === true ? statementText(explanation) : explanationText(explanation)))
}

/** stdout holds the CSV, or nothing: what is said goes to stderr. */
function tell(run: Run, flags: QueryFlags, answer: object, text: () => string): void {
  if (isStdout(flags.csv)) run.say(text())
  else run.print(answer, text)
}

async function give(run: Run, answer: NumbersTable, flags: QueryFlags): Promise<void> {
  const { csv, parquet, receipt, totals } = flags
  if (receipt !== undefined) {
    const text = `${JSON.stringify(answer.receipt, undefined, 2)}\n`
    const { writeFile } = await import('node:fs/promises')
    await replaceFile(receipt, (partial) => writeFile(partial, text))
  }
  if (csv === undefined && parquet === undefined) {
    run.print(answer, () => answerText(answer, { width: terminalWidth(), receiptFile: receipt, totals }))
    return
  }
  if (isStdout(csv)) {
    for (const line of [...noticeLines(answer), ...cutShort(answer)]) run.say(line)
    return printCsv(answer)
  }
  const files: string[] = []
  if (typeof csv === 'string') files.push(await writeCsvFile(answer, csv))
  if (parquet !== undefined) files.push(await (await import('./write-parquet.ts')).writeParquet(answer, parquet))
  const { rows, columns, truncated, total_rows: total, notices } = answer
  const result = { files, columns, rows: rows.length, truncated, total_rows: total, notices, receipt: answer.receipt }
  run.print(result, () =>
    [
      ...noticeLines(answer),
      ...files.map((file) => `Wrote ${count(rows.length)} rows: ${file}`),
      ...cutShort(answer),
    ].join('\n'),
  )
}

function cutShort({ truncated, rows, total_rows: total }: NumbersTable): readonly string[] {
  if (!truncated) return []
  return [`! Only the first ${count(rows.length)} of ${count(total)} rows: that is the limit. Ask in parts.`]
}

const count = (number: number): string => number.toLocaleString('en-US')
