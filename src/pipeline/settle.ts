import type { OnProgress, PipelineContext } from './pipeline.ts'
import { untilAborted } from './until-aborted.ts'

/** What is left to do after a read: the graph is built or fed, slice by slice, while searches go on in between. */
export async function settle({ ledger }: PipelineContext, signal: AbortSignal, onProgress: OnProgress): Promise<void> {
  // Building a large graph takes minutes.
  await untilAborted(ledger.finishLoad(), signal)
  for (let merged = 0; ; merged++) {
    signal.throwIfAborted()
    const { remaining } = await ledger.mergeVectors()
    if (remaining === 0) return
    if (merged === 0) onProgress({ source: 'vectors', phase: 'merging', ...nothing })
  }
}

interface Settling extends AsyncDisposable {
  /** Unless it is under way, or was done just now. Throws what went wrong the last time. */
  start(): void
}

/** Settles while reading goes on: what was just read is found without the graph, and must not wait for it. */
export function settleBeside(
  context: PipelineContext,
  {
    everyMs,
    signal,
    onProgress,
  }: { readonly everyMs: number; readonly signal: AbortSignal; readonly onProgress: OnProgress },
): Settling {
  const { clock } = context
  let settledMs = clock.passed()
  let underWay: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined
  return {
    start: () => {
      if (failure !== undefined) throw failure.error
      if (underWay !== undefined || clock.passed() - settledMs < everyMs) return
      underWay = settle(context, signal, onProgress)
        .catch((error: unknown) => {
          failure = { error }
        })
        .finally(() => {
          settledMs = clock.passed()
          underWay = undefined
        })
    },
    [Symbol.asyncDispose]: async () => underWay,
  }
}

const nothing = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }
