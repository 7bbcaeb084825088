import { APIError } from 'openai'
import { AquiferError } from '../core/errors.ts'
import { RefusedError } from './refused-error.ts'
import type { Verdict } from './refused-error.ts'
import { parseRetryAfter } from './retry-after.ts'

const stop = (error: AquiferError | RefusedError): Verdict => ({ again: false, error })

/** Servers repeat keys and texts in their messages, so only status and well-formed codes are kept, never the words. */
export function judgeFailure(thrown: unknown, secret: string | undefined, now: number): Verdict {
  if (thrown instanceof AquiferError || thrown instanceof RefusedError) return { again: false, error: thrown }
  const { status, code, words, headers } = partsOf(thrown, secret)
  const reason = [status === undefined ? undefined : `HTTP ${status}`, code]
    .filter((part) => part !== undefined)
    .join(' ')
  const cause = new Error(reason === '' ? 'no answer' : reason)
  if (code === 'insufficient_quota')
    return stop(
      new AquiferError('EMBEDDING_UNREACHABLE', 'The account at the embedding endpoint has no quota left.', {
        cause,
        fix: 'Check plan and billing of the account that apiKey of `embedding` belongs to.',
      }),
    )
  if (status === 401 || status === 403)
    return stop(new AquiferError('EMBEDDING_AUTH', `The embedding endpoint answered ${reason}.`, { cause }))
  if (status === 404 || status === 405 || code === 'model_not_found')
    return stop(
      new AquiferError('EMBEDDING_MODEL', `The embedding endpoint does not know the model (${reason}).`, {
        cause,
        fix: 'Name a model that the endpoint offers, and check baseUrl: most end in /v1.',
      }),
    )
  if (status !== undefined && status >= 400 && status < 500 && ![408, 409, 425, 429].includes(status))
    return stop(new RefusedError(subjectOf(status, words), cause))
  return { again: true, reason: cause.message, afterMs: parseRetryAfter(headers, now) }
}

interface FailureParts {
  readonly status: number | undefined
  readonly code: string | undefined
  /** Everything the endpoint said; to be matched, not to be shown. */
  readonly words: string
  readonly headers: Headers | undefined
}

function partsOf(thrown: unknown, secret: string | undefined): FailureParts {
  if (!(thrown instanceof APIError))
    return { status: undefined, code: systemCode(thrown), words: '', headers: undefined }
  const { status, code, type, param, message, headers }: APIError = thrown
  const safe = [code, type].find(
    (text) => typeof text === 'string' && /^[a-z][\w-]{0,63}$/i.test(text) && (!secret || !text.includes(secret)),
  )
  return { status, code: safe ?? systemCode(thrown), words: `${code} ${param} ${message}`, headers }
}

/** ECONNREFUSED and the like, which fetch hides a level or two down. */
function systemCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++)
    if ('code' in error && typeof error.code === 'string' && /^[A-Z_]+$/.test(error.code)) return error.code
  return undefined
}

function subjectOf(status: number, words: string): RefusedError['about'] {
  if (/encoding_format|base64/i.test(words)) return 'encoding'
  if (/dimensions/i.test(words)) return 'dimensions'
  const long =
    /too (long|large|many tokens)|(maximum|max) (context|input|sequence)|context.length|exceed|reduce the length/i
  return status === 413 || long.test(words) ? 'length' : 'anything'
}
