import type { Caller } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import { nearest } from '../../core/nearest.ts'
import type { AskOptions, Numbers } from '../../core/numbers.ts'
import type { Cell } from '../engine.ts'
import { compileFor } from './compile-for.ts'
import { accessFor, type NumbersContext } from './context.ts'
import { runCompiled } from './run-compiled.ts'
import { questionOf } from './understand.ts'

/** More are not looked at. */
export const mostValues = 10_000

/** Values of a dimension that the caller may see; with `like`, those that hold it, else those nearest to it. */
export async function valuesOf(
  context: NumbersContext,
  { dimension, metrics, like, limit = 50 }: Parameters<Numbers['values']>[0],
  caller: Caller,
  { signal }: AskOptions = {},
): Promise<readonly Cell[]> {
  const question = questionOf({ metrics, by: [dimension] }, metrics)
  const compiled = await compileFor(context, question, accessFor(context, caller))
  if ('refusal' in compiled) {
    throw new AquiferError('METRIC_QUESTION_INVALID', compiled.refusal.message)
  }
  const { rows } = await runCompiled(context, compiled, caller, { maxRows: mostValues, signal })
  const values = rows.map((row) => row[0] ?? null)
  if (like === undefined) return values.slice(0, limit)
  const wanted = like.toLowerCase()
  const holding = values.filter((value) => String(value).toLowerCase().includes(wanted))
  if (holding.length > 0) return holding.slice(0, limit)
  const near = nearest(
    like,
    values.filter((value) => typeof value === 'string'),
  )
  return near === undefined ? [] : [near]
}
