import type { SourceConfig } from '../core/config.ts'
import { AquiferError } from '../core/errors.ts'
import type { GenerationSettings } from '../core/ledger-generations.ts'
import type { LedgerStatus } from '../core/ledger.ts'
import { parseSettingsNote, type SourceJob } from './source-job.ts'

/** What differs between the configuration and what the ledger holds, so that it has to be built again. */
export interface Drift {
  /** Another model, chunker or language: everything is chunked and embedded anew. */
  readonly generation: readonly string[]
  /** Sources whose records are mapped in another way now. */
  readonly mappings: readonly string[]
  /** Sources that the configuration no longer names. */
  readonly removed: readonly string[]
}

export function findDrift(
  status: LedgerStatus,
  settings: GenerationSettings,
  jobs: readonly SourceJob[],
  configured: Readonly<Record<string, SourceConfig>>,
): Drift {
  const held = new Map(status.sources.map((source) => [source.name, source]))
  const { generation } = status
  const reasons: string[] = []
  if (generation !== undefined) {
    if (generation.model !== settings.model)
      reasons.push(`the embedding model (${generation.model} → ${settings.model})`)
    else if (generation.dimensions !== settings.dimensions) {
      reasons.push(`the vectors' dimensions (${String(generation.dimensions)} → ${String(settings.dimensions)})`)
    }
    if (generation.chunker !== settings.chunker)
      reasons.push(`the chunker (${generation.chunker} → ${settings.chunker})`)
  }
  for (const { name, language } of Object.values(configured)) {
    const before = held.get(name)
    if (before !== undefined && before.chunks > 0 && before.language !== language) {
      reasons.push(`the language of ${name} (${before.language} → ${language})`)
    }
  }
  return {
    generation: reasons,
    mappings: jobs
      .filter(({ config, mappingDigest }) => {
        const note = held.get(config.name)?.mapping
        return note !== undefined && parseSettingsNote(note).mappingDigest !== mappingDigest
      })
      .map(({ config }) => config.name),
    removed: status.sources.map(({ name }) => name).filter((name) => configured[name] === undefined),
  }
}

/** CONFIG_NEEDS_REBUILD, saying what differs and what building it again costs; undefined when nothing does. */
export function rebuildError(
  drift: Drift,
  status: LedgerStatus,
  cost: { readonly tokensPerChunk: number; readonly pricePerMillionTokens: number | undefined },
): AquiferError | undefined {
  const parts: string[] = []
  if (drift.generation.length > 0) {
    const tokens = status.chunks * cost.tokensPerChunk
    const price =
      cost.pricePerMillionTokens === undefined
        ? ''
        : `, about ${((tokens / 1e6) * cost.pricePerMillionTokens).toFixed(2)} at the configured price`
    parts.push(
      `${drift.generation.join(' and ')} changed: ${count(status.chunks, 'chunk')} (at most ${count(tokens, 'token')}${price}) would be built again`,
    )
  }
  for (const name of drift.mappings) {
    parts.push(
      `the mapping of ${name} changed: ${count(recordsOf(status, name), 'record')} would be read and mapped again`,
    )
  }
  for (const name of drift.removed) {
    const records = recordsOf(status, name)
    // Nobody has to agree to the loss of nothing.
    if (records > 0)
      parts.push(`source ${name} is no longer configured: its ${count(records, 'record')} would be removed`)
  }
  return parts.length === 0 ? undefined : new AquiferError('CONFIG_NEEDS_REBUILD', `${capitalised(parts.join('; '))}.`)
}

function recordsOf(status: LedgerStatus, name: string): number {
  return status.sources.find((source) => source.name === name)?.records ?? 0
}

function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
