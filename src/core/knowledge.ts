import type { Filters, Hit, RecordView, SearchAnswer, SourceView } from '../../schemas/search.ts'
import type { Caller } from './caller.ts'

/** No search waits longer than this for fresher sources. */
export const longestWaitMs = 300_000

export interface SearchRequest {
  readonly query: string
  readonly sources?: readonly string[] | undefined
  readonly filters?: Filters | undefined
  /** At most so many hits; default 10, at most 100. */
  readonly limit?: number | undefined
  /** At most so many tokens of text in all; default 6,000. */
  readonly tokenBudget?: number | undefined
  /** next_cursor of an earlier answer to the same query. */
  readonly cursor?: string | undefined
  /** Texts stop at this many neighbouring passages joined on each side; default 1. */
  readonly neighbours?: number | undefined
  /** Only when each of these sources has got there, in every store; a position as the source itself tells it. */
  readonly minPosition?: Readonly<Record<string, string>> | undefined
  /** Only when every source searched was in step so long ago at most, in every store. */
  readonly maxStalenessMs?: number | undefined
  /** Waits so long for these two, then FRESHNESS_NOT_REACHED; default 10 s, at most 5 minutes. */
  readonly waitMs?: number | undefined
}

/** What the doors (MCP, HTTP, command line) ask. Every call has a caller; forbidden and absent look the same. */
export interface Knowledge {
  search(request: SearchRequest, caller: Caller, signal?: AbortSignal): Promise<SearchAnswer>
  /** RECORD_NOT_FOUND when absent or not readable. */
  fetch(id: string, caller: Caller): Promise<RecordView>
  /** Sources this caller can read something of (an administrator: all), with freshness; counts are the caller's own. */
  describe(caller: Caller): Promise<readonly SourceView[]>
}

export type { Filters, Hit, RecordView, SearchAnswer, SourceView }
