import { compileQuestion, type Compiled } from '../compile.ts'
import type { DialectName } from '../engine.ts'
import type { Access } from '../plan/access.ts'
import type { Question, Refusal } from '../question.ts'
import type { NumbersContext } from './context.ts'

/** Compiled in the dialect of the connection that the question turns out to be about. */
export async function compileFor(
  context: NumbersContext,
  question: Question,
  access: Access,
  count = false,
): Promise<Compiled | { readonly refusal: Refusal }> {
  const first = compileQuestion(context.layer, question, { dialect: 'duckdb', access, count })
  if ('refusal' in first) return first
  const dialect: DialectName = (await context.engine(first.connection ?? '')).dialect
  return dialect === 'duckdb' ? first : compileQuestion(context.layer, question, { dialect, access, count })
}
