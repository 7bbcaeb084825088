import type { AquiferError } from '../core/errors.ts'

/** The endpoint refuses what it was sent: these texts, or how they were asked for. Sending it again changes nothing. */
export class RefusedError extends Error {
  readonly about: 'length' | 'encoding' | 'dimensions' | 'anything'

  constructor(about: RefusedError['about'], cause: Error) {
    super('The embedding endpoint refused a request.', { cause })
    this.name = 'RefusedError'
    this.about = about
  }
}

/** What to do about a failed request: try it again (after a while that the endpoint named), or throw. */
export type Verdict =
  | { readonly again: true; readonly reason: string; readonly afterMs: number | undefined }
  | { readonly again: false; readonly error: AquiferError | RefusedError }
