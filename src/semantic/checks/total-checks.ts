import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Context } from '../build/context.ts'
import { compileQuestion, type Compiled } from '../compile.ts'
import type { Cell, DialectName } from '../engine.ts'
import { accessOf } from '../plan/access.ts'
import type { Question } from '../question.ts'
import { AquiferError } from '../../core/errors.ts'
import { literal, fromQuery, select } from '../sql/sql.ts'
import { countRows, partOf, rowsOf } from './check-context.ts'
import { counted, countsIn, failed, passed, shown, type CheckPart, type CompiledCheck } from './compiled-check.ts'
import type { DeclaredCheck } from './guards-of.ts'

/** Whether each model has at least and at most so many rows. */
export function checkRowCount(
  models: readonly { readonly context: Context; readonly model: string }[],
  { min = 0, max = Infinity }: Extract<DeclaredCheck, { type: 'row_count' }>,
): CompiledCheck {
  const parts = models.map(({ context, model }) => {
    const rows = rowsOf(context, model, [{ name: 'one', sql: literal(1) }])
    return partOf(context, select({ columns: [{ name: 'every', sql: countRows }], from: fromQuery('s', rows) }))
  })
  const band = [...(min > 0 ? [`at least ${shown(min)}`] : []), ...(max < Infinity ? [`at most ${shown(max)}`] : [])]
  return {
    parts,
    judge: (results) => {
      const counts = results.map((result) => countsIn(result)[0] ?? 0)
      const bad = counts.findIndex((count) => count < min || count > max)
      const said = (index: number): string => `${models[index]?.model ?? ''} has ${counted(counts[index] ?? 0, 'row')}`
      if (bad === -1) return passed(`${models.map((_, index) => said(index)).join(', ')}.`)
      return failed(`${said(bad)}; expected are ${band.join(' and ')}.`)
    },
  }
}

/** Doubles that were added in another order differ in their last digits. */
const roundingShare = 1e-12

/** Whether two metrics have the same total; in one statement where one connection has both. */
export function checkReconciled(
  layer: MetricLayer,
  names: readonly [string, string],
  {
    tolerance,
    dialectOf,
  }: { readonly tolerance: number; readonly dialectOf: (connection: string | undefined) => DialectName },
): CompiledCheck {
  const together = compileTotals(layer, names, dialectOf)
  const compiled = together ?? names.map((name) => compileTotals(layer, [name], dialectOf)?.[0])
  const parts = compiled.flatMap((one) => (one === undefined ? [] : [toPart(one)]))
  return {
    parts,
    judge: (results) => {
      const [one = null, other = null] = results.flatMap(({ rows }) => [...(rows[0] ?? [null])])
      const [first, second] = names
      if (areTogether(one, other, tolerance)) return passed(`The totals of ${first} and ${second} agree.`)
      if (one === null || other === null) {
        return failed(`${one === null ? first : second} has no total, but ${one === null ? second : first} has.`)
      }
      const allowed = tolerance === 0 ? '' : ` by more than ${String(tolerance)}`
      return failed(`The totals of ${first} and ${second} differ${allowed}.`)
    },
  }
}

function areTogether(one: Cell, other: Cell, tolerance: number): boolean {
  if (one === null || other === null || one === other) return one === other
  const [a, b] = [Number(one), Number(other)]
  const rounding = roundingShare * Math.max(Math.abs(a), Math.abs(b))
  return Math.abs(a - b) <= Math.max(tolerance, rounding)
}

/** undefined where they are on two connections. */
function compileTotals(
  layer: MetricLayer,
  metrics: readonly string[],
  dialectOf: (connection: string | undefined) => DialectName,
): readonly Compiled[] | undefined {
  const question: Question = { metrics, by: [], order: [], distinct: true, extent: false }
  const access = accessOf(layer, { id: 'checks', groups: [], admin: true }, undefined)
  const ask = (dialect: DialectName) => compileQuestion(layer, question, { dialect, access })
  const first = ask('duckdb')
  const compiled = 'refusal' in first ? first : ask(dialectOf(first.connection))
  if (!('refusal' in compiled)) return [compiled]
  if (compiled.refusal.reason === 'other_connection' && metrics.length > 1) return undefined
  throw new AquiferError('METRIC_QUESTION_INVALID', compiled.refusal.message)
}

const toPart = ({ statement, connection, tables }: Compiled): CheckPart => ({ statement, connection, tables })

/** The author's own statement, which must return no row. */
export function checkSql(query: string, connection: string | undefined): CompiledCheck {
  return {
    parts: [{ statement: { sql: query.replace(/[\s;]+$/, ''), values: [] }, connection, tables: [] }],
    judge: ([result]) => {
      const found = result?.rows.length ?? 0
      if (found === 0) return passed('It returns no row.')
      return failed(`It returns ${counted(found, 'row')}${result?.truncated === true ? ' or more' : ''}.`)
    },
  }
}
