import type { Json } from '../../schemas/record.ts'
import { errorTable, type ErrorKind } from './error-table.ts'

export type ErrorCode = keyof typeof errorTable

type ErrorDetails = Readonly<Record<string, Json>>

/** The one error that users meet: a code from the table, a message without secrets, SQL or row values, and a fix. */
export class AquiferError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly fix: string
  /** What the message says, for programs. */
  readonly details: ErrorDetails | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fix?: string; details?: ErrorDetails | undefined } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'AquiferError'
    this.code = code
    this.kind = errorTable[code].kind
    this.fix = options.fix ?? errorTable[code].fix
    this.details = options.details
  }
}

/** Whatever was thrown, as an AquiferError; what is not ours becomes INTERNAL and keeps its cause for the log. */
export function toAquiferError(thrown: unknown): AquiferError {
  if (thrown instanceof AquiferError) return thrown
  return new AquiferError('INTERNAL', 'Something went wrong inside Aquifer.', { cause: thrown })
}

/** The parts of an error that may leave the process. */
export interface ErrorView {
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
  readonly details?: ErrorDetails | undefined
}

export function toErrorView({ code, message, fix, details }: AquiferError): ErrorView {
  return { code, message, fix, ...(details === undefined ? {} : { details }) }
}

export function fromErrorView(view: ErrorView): AquiferError {
  return new AquiferError(view.code, view.message, { fix: view.fix, details: view.details })
}

/** Exit code, HTTP status per kind, as the error table of the design fixes them. */
export const kindTable: Readonly<Record<ErrorKind, { http: number; exit: number }>> = {
  config: { http: 500, exit: 78 },
  input: { http: 400, exit: 64 },
  'not-found': { http: 404, exit: 66 },
  forbidden: { http: 403, exit: 77 },
  unavailable: { http: 503, exit: 69 },
  conflict: { http: 409, exit: 75 },
  bug: { http: 500, exit: 70 },
}
