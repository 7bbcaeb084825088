import type { Change } from '../../schemas/record.ts'
import type { Cursors, Indexer } from '../../src/core/indexer.ts'

/** `put a`, `delete a`, `checkpoint`. */
export function brief(change: Change): string {
  return 'key' in change ? `${change.kind} ${change.key}` : change.kind
}

export interface Following {
  readonly changes: readonly Change[]
  /** Resolves when the read ends, and rejects with what it threw. */
  readonly ended: Promise<void>
  /** Changes but the checkpoints, in brief. */
  readonly seen: () => readonly string[]
  readonly stop: () => Promise<void>
}

/** Collects changes in the background, until `stop` aborts what the indexer was opened with. */
export function follow(indexer: Indexer, stop: AbortController, after: Cursors = {}): Following {
  const changes: Change[] = []
  const ended = (async () => {
    for await (const change of indexer.changes(after)) changes.push(change)
  })()
  ended.catch(() => {})
  return {
    changes,
    ended,
    seen: () => changes.filter(({ kind }) => kind !== 'checkpoint').map(brief),
    stop: async () => {
      stop.abort()
      await ended
    },
  }
}
