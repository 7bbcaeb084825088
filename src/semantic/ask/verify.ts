import type { Receipt, Verdict } from '../../../schemas/numbers.ts'
import type { Caller } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import type { AskOptions } from '../../core/numbers.ts'
import { describeMetric } from '../describe-metric.ts'
import type { Question } from '../question.ts'
import { policyHash } from '../trust/policy-hash.ts'
import { checkReceipt, digestOf } from '../trust/receipt.ts'
import { compileFor } from './compile-for.ts'
import { accessFor, type NumbersContext } from './context.ts'
import { runCompiled } from './run-compiled.ts'

/** Asks a receipt's question again. Equal rows are the same; else the data moved on, or something differs that must not. */
export async function verify(
  context: NumbersContext,
  receipt: Receipt,
  caller: Caller,
  options: AskOptions = {},
): Promise<Verdict> {
  checkReceipt(receipt, context.secret)
  const { time_zone: timeZone, ...asked } = receipt.question
  const question: Question = { ...asked, timeZone }
  const access = accessFor(context, caller)
  const compiled = await compileFor(context, question, access)
  const changed = changedDefinitions(context, receipt)
  if ('refusal' in compiled) {
    return differs(receipt, receipt.watermark, `The question is refused now: ${compiled.refusal.message}`)
  }
  if (policyHash(context.layer, access, compiled.models) !== receipt.policy_hash) {
    throw new AquiferError('RECEIPT_INVALID', 'It was made for a caller who sees other rows or columns.')
  }
  const ran = await runCompiled(context, compiled, caller, { ...options, maxRows: Math.max(1, receipt.given) })
  const digest = digestOf(
    ran.columns.map(({ name }) => name),
    ran.rows,
  )
  const watermark = { before: receipt.watermark, now: ran.watermark }
  const note = changed.length === 0 ? '' : ` ${changed.join(' ')}`
  if (digest === receipt.digest)
    return { verdict: 'same', message: `The same rows as on ${receipt.as_of}.${note}`, watermark }
  if (changed.length > 0) return differs(receipt, ran.watermark, changed.join(' '))
  if (watermark.before !== watermark.now) {
    return { verdict: 'data moved on', message: `The data were written to since ${receipt.as_of}.`, watermark }
  }
  return differs(receipt, ran.watermark, 'The rows differ though the data did not move.')
}

const differs = ({ watermark }: Receipt, now: string, message: string): Verdict => ({
  verdict: 'differs',
  message,
  watermark: { before: watermark, now },
})

function changedDefinitions({ layer }: NumbersContext, { metrics }: Receipt): readonly string[] {
  return metrics.flatMap(({ name, definition_hash: hash, version }) => {
    const now = describeMetric(layer, name)
    if (now === undefined) return [`There is no metric ${name} any more.`]
    if (now.definition_hash === hash) return []
    return [`The definition of ${name} changed since: version ${String(version)} then, ${String(now.version)} now.`]
  })
}
