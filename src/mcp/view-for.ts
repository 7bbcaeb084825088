import type { Caller } from '../core/caller.ts'
import { type AquiferError, type ErrorCode, type ErrorView, toErrorView } from '../core/errors.ts'

/** Their fix is the caller's move, though their message names places. */
const tooMuch: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['METRIC_TIMEOUT', 'METRIC_TOO_LARGE'])

/** What callers wait for, told of nothing but what they may see. */
const waits: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CALLER_BUSY', 'FRESHNESS_NOT_REACHED'])

/** An error as this caller may see it: operators see all of it, others what is theirs to mend, for places of stores are not. */
export function viewFor(error: AquiferError, caller: Caller): ErrorView {
  const view = toErrorView(error)
  const theirs = error.kind === 'input' || error.kind === 'not-found' || waits.has(error.code)
  if (caller.admin || theirs) return view
  if (tooMuch.has(error.code)) return { ...view, message: 'The question asks for more than is computed at once.' }
  if (error.kind === 'forbidden') return { ...view, message: 'This caller may not do that.' }
  return {
    code: view.code,
    message: 'The service cannot answer this right now.',
    fix: 'Try again in a few seconds; if it repeats, tell whoever runs this server.',
  }
}
