import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { WantedGeneration } from '../core/ledger-generations.ts'
import type { OnProgress, PipelineContext } from './pipeline.ts'
import { switchToGeneration, type Switched } from './switch-generation.ts'

interface BuildOptions {
  readonly settings: WantedGeneration
  /** Everything that is configured. */
  readonly configured: Readonly<Record<string, SourceConfig>>
  /** Rows that bring a vector of another length are left out, since they are read again afterwards. */
  readonly skipsOwnVectors: boolean
  readonly signal: AbortSignal
  readonly onProgress: OnProgress
}

/** Builds what the configuration asks for beside the generation that answers, or takes the kept one if it is that, and switches. */
export function buildGeneration(context: PipelineContext, options: BuildOptions): Promise<Switched> {
  const { ledger } = context
  return switchToGeneration(context, {
    ...options,
    choose: async () => {
      const languages = await languagesOf(context, options.configured)
      return { generation: await ledger.beginGeneration({ ...options.settings, languages }), languages }
    },
  })
}

/** Goes back to the generation that is kept, once it has what changed since; the one that answers is kept in its place. */
export function restoreGeneration(
  context: PipelineContext,
  options: Pick<BuildOptions, 'signal' | 'onProgress'>,
): Promise<Switched> {
  const { ledger } = context
  return switchToGeneration(context, {
    ...options,
    skipsOwnVectors: false,
    choose: async () => {
      const kept = (await ledger.generations()).find(({ state }) => state === 'kept')
      if (kept === undefined) throw noneKept()
      return { generation: kept, languages: { ...(await languagesOf(context, {})), ...kept.languages } }
    },
  })
}

export function noneKept(): AquiferError {
  return new AquiferError('GENERATION_NONE', 'No earlier generation is kept.')
}

/** Of every source that the ledger knows; those of a source that is no longer configured stay what they are. */
async function languagesOf(
  { ledger }: PipelineContext,
  configured: Readonly<Record<string, SourceConfig>>,
): Promise<Readonly<Record<string, string>>> {
  const { sources } = await ledger.status()
  return Object.fromEntries(sources.map(({ name, language }) => [name, configured[name]?.language ?? language]))
}
