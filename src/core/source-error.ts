import { AquiferError } from './errors.ts'
import type { ErrorCode } from './errors.ts'

/** What a source is asked for; names the place in messages. */
export interface Place {
  /** Such as `Source films`. */
  readonly subject: string
  /** Such as `public.film`, `its query` or `topic shop.orders`. */
  readonly what: string
}

/** An error of a system in our words; the problem follows a colon after the place's subject. */
export type Worded = readonly [code: ErrorCode, problem: string, fix?: string]

/** Whatever a driver threw, in our words: a system's own may hold values, statements, users and addresses. */
export function wordError(thrown: unknown, place: Place, word: (thrown: unknown) => Worded): AquiferError {
  return thrown instanceof AquiferError ? thrown : inWords(word(thrown), place, thrown)
}

export function inWords([code, problem, fix]: Worded, { subject }: Place, cause?: unknown): AquiferError {
  return new AquiferError(code, `${subject}: ${problem}`, { cause, ...(fix === undefined ? {} : { fix }) })
}

export function invalidSource(
  place: Place,
  problem: string,
  options: { cause?: unknown; fix?: string } = {},
): AquiferError {
  return new AquiferError('SOURCE_INVALID', `${place.subject}: ${problem}`, options)
}

/** The cursor tells nothing about what the source holds now: it has to be read anew. */
export function expired(place: Place, why: string, cause?: unknown): AquiferError {
  return new AquiferError('CURSOR_EXPIRED', `${place.subject}: ${why}.`, { cause })
}

export function cancelled(): AquiferError {
  return new AquiferError('CANCELLED', 'Reading the source was stopped.')
}

/** Whether `error` only says that reading was stopped, as `signal` asked. */
export function isStop(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof AquiferError && error.code === 'CANCELLED'
}

/** Why there is no connection, by the code of Node's error. `who` is the system, `where` what names its address. */
export function networkReasons(who: string, where: string): Readonly<Record<string, string>> {
  return {
    ECONNREFUSED: `nothing listens at the address of ${where}`,
    ENOTFOUND: `the host of ${where} is not known`,
    ENODATA: `the host of ${where} is not known`,
    EAI_AGAIN: `the host of ${where} could not be looked up`,
    ETIMEDOUT: `${who} does not answer`,
    EHOSTUNREACH: `there is no way to the host of ${where}`,
    ENETUNREACH: `there is no way to the host of ${where}`,
    ENOENT: `there is no socket at the path of ${where}`,
  }
}
