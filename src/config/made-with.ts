import { z } from 'zod'
import { Json } from '../../schemas/record.ts'
import type { Config } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { GenerationSettings, GenerationView } from '../core/ledger-generations.ts'

const MadeWith = z.object({ embedding: z.looseObject({ provider: z.string() }), maxTokens: z.int() })

/** The part of a configuration that makes a generation, to be noted with it. Secrets are references in it. */
export function madeWithOf({ embedding, chunking }: Config): Json {
  return Json.parse(JSON.parse(JSON.stringify({ embedding, maxTokens: chunking.maxTokens })))
}

/** The configuration with the model and the chunking of an earlier generation in the place of its own. */
export function earlierConfig(config: Config, generation: GenerationView): Config {
  const parsed = MadeWith.safeParse(generation.madeWith)
  if (!parsed.success) throw otherSettings(generation)
  // It was a whole and checked configuration when it was noted; whether it still gives the same model is looked at later.
  const embedding = parsed.data.embedding as unknown as Config['embedding']
  return { ...config, embedding, chunking: { maxTokens: parsed.data.maxTokens } }
}

export function isOf(generation: GenerationSettings, settings: GenerationSettings): boolean {
  return (
    generation.model === settings.model &&
    generation.dimensions === settings.dimensions &&
    generation.chunker === settings.chunker
  )
}

export function otherSettings({ id }: GenerationView): AquiferError {
  return new AquiferError(
    'GENERATION_SETTINGS',
    `Generation ${String(id)} lacks changes that this version and configuration can't cut or embed as it did.`,
  )
}
