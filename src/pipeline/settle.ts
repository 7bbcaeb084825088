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

const nothing = { read: 0, written: 0, unchanged: 0, deleted: 0, rejected: 0 }
