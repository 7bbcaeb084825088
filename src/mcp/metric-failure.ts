import { AquiferError, type ErrorCode } from '../core/errors.ts'
import { cleanLine } from './untrusted-text.ts'

const fixes: Partial<Readonly<Record<ErrorCode, string>>> = {
  METRIC_UNKNOWN: 'Use a name that find_metrics lists.',
  METRIC_QUESTION_INVALID:
    'Correct the named part of the question; describe_metric shows what a metric can be asked by.',
}

/** The same failure with the fix that an agent can follow: the error table's is for the command line. */
export function forAgents(thrown: unknown): unknown {
  if (!(thrown instanceof AquiferError)) return thrown
  const fix = fixes[thrown.code]
  return fix === undefined
    ? thrown
    : new AquiferError(thrown.code, cleanLine(thrown.message, 1000), { cause: thrown, fix })
}
