import type { Embedder } from '../core/embedder.ts'
import { AquiferError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { openLocalEmbedder } from './local-embedder.ts'
import { openOpenAiEmbedder } from './openai-embedder.ts'
import type { RevealedEmbedding } from './openai-options.ts'

export interface EmbedderOptions {
  readonly log?: Log
  /** Told while an endpoint is tried again, why. */
  readonly onWait?: ((reason: string) => void) | undefined
}

/**
 * The configured model behind the Embedder port; `config` holds its secrets in place. Opening is cheap and asks nothing of
 * anybody: what is wrong with model or endpoint comes out of `ready` or the first `embed`.
 */
export async function openEmbedder(config: RevealedEmbedding, options: EmbedderOptions = {}): Promise<Embedder> {
  if (config.provider === 'local') return openLocalEmbedder()
  if (config.baseUrl !== undefined && !/^https?:$/.test(URL.parse(config.baseUrl)?.protocol ?? ''))
    throw new AquiferError('CONFIG_INVALID', '`embedding.baseUrl` must be an http or https address.')
  return openOpenAiEmbedder(config, options)
}
