import type { Embedding } from '../../schemas/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Revealed } from '../core/config.ts'
import type { Log } from '../core/log.ts'
import type { Patience } from './retries.ts'

/** `embedding` of the configuration with its secrets in place. */
export type RevealedEmbedding = Revealed<Embedding>
export type OpenAiEmbedding = Extract<RevealedEmbedding, { provider: 'openai' }>

export interface OpenAiOptions {
  readonly log: Log
  readonly clock: Clock
  /** From 0 up to 1, for the jitter of waits. */
  readonly random: () => number
  /** Passages can wait for an endpoint that is busy or away; whoever asks a question would rather hear of it. */
  readonly patience: { readonly passage: Patience; readonly query: Patience }
  /** Until one try is given up. */
  readonly timeoutMs: number
  readonly backoffMs: number
  /** Estimated tokens a request; what one request carries is also lost when it fails. */
  readonly requestTokens: number
}
