import type { Change } from '../../schemas/record.ts'
import { isStop } from './source-error.ts'

/**
 * What `changes` yields and returns, until `signal`: then it ends without an error, and so without the checkpoint that was
 * due. Any other error is thrown.
 */
export async function* untilStopped<T>(
  changes: AsyncGenerator<Change, T>,
  signal: AbortSignal,
): AsyncGenerator<Change, T | undefined> {
  try {
    for (;;) {
      const next = await changes.next()
      if (next.done === true) return next.value
      if (signal.aborted) return undefined
      yield next.value
    }
  } catch (error) {
    if (isStop(error, signal)) return undefined
    throw error
  } finally {
    await changes.return(undefined as T)
  }
}
