import { z } from 'zod'
import { Json } from '../../schemas/record.ts'
import type { Config, SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { EditionView } from '../core/ledger-editions.ts'
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

/** What the ledger notes of an edition's settings. */
export type MadeSource = Pick<EditionView, 'source' | 'mapping' | 'madeWith'>

const Source = z.looseObject({
  name: z.string(),
  type: z.string(),
  mapping: z.looseObject({ fields: z.array(z.string()) }),
})

/** The configuration with these sources alone, as their editions were read. EDITION_SETTINGS where a connection is gone. */
export function earlierSources(config: Config, editions: readonly MadeSource[]): Config {
  const sources = editions.map((edition): SourceConfig => {
    const parsed = Source.safeParse(edition.madeWith)
    if (!parsed.success) throw otherMapping(edition.source)
    // It was whole and checked when it was noted; whether it still maps in the same way is looked at later.
    const source = parsed.data as unknown as SourceConfig
    if (source.connection !== undefined && config.connections[source.connection] === undefined)
      throw otherMapping(edition.source)
    return source
  })
  return { ...config, sources: Object.fromEntries(sources.map((source) => [source.name, source])) }
}

export function otherMapping(source: string): AquiferError {
  return new AquiferError(
    'EDITION_SETTINGS',
    `The mapping of ${source} that is kept needs a connection or settings that this version and configuration do not have.`,
  )
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
