import type { Clock } from '../core/clock.ts'
import type { SourceConfig } from '../core/config.ts'
import type { Embedder } from '../core/embedder.ts'
import type { Ledger } from '../core/ledger.ts'
import type { LexicalProjection, LexicalStore } from '../core/lexical.ts'
import type { Log } from '../core/log.ts'
import type { PositionOrder } from '../core/position-order.ts'

/** What the search works with. */
export interface SearchContext {
  readonly ledger: Ledger
  readonly embedder: Embedder
  /** undefined when the configuration says `lexical: none`. */
  readonly lexical: LexicalStore | undefined
  /** The lexical store, if it is a projection: for how far behind it is. */
  readonly projection: LexicalProjection | undefined
  readonly sources: Readonly<Record<string, SourceConfig>>
  /** How positions of a source are compared; undefined where it has none that can be. */
  readonly orderOf: (source: SourceConfig) => Promise<PositionOrder | undefined>
  readonly clock: Clock
  readonly log: Log
}
