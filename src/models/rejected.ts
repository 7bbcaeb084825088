import { AquiferError } from '../core/errors.ts'

/** Why one text has no vector, while the others of its call have theirs. */
export function rejected(why: string, cause?: unknown): AquiferError {
  return new AquiferError('EMBEDDING_REJECTED', `No vector for this text: ${why}.`, { cause })
}
