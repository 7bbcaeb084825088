import { Json } from '../../schemas/record.ts'
import type { SourceConfig } from '../core/config.ts'
import type { IndexerType } from '../core/indexer.ts'

/** One source as a sync sees it. */
export interface SourceJob {
  readonly config: SourceConfig
  /** Digest of all settings that decide what a record becomes. */
  readonly mappingDigest: string
  /** Digest of all settings that decide what is read. */
  readonly optionsDigest: string
}

/** Sources that are read through one connection, and how to open it. */
export interface SourceGroup {
  readonly type: IndexerType
  /** Options of the connection with their secrets read, which may fail; undefined for a type without one. */
  connection(): Promise<unknown>
  readonly jobs: readonly SourceJob[]
  /** All that is configured on the connection, synced now or not. */
  readonly configured: readonly SourceJob[]
}

/** What the ledger notes of a source's settings, and asks back. */
export function settingsNote({ mappingDigest, optionsDigest }: SourceJob): string {
  return `${mappingDigest} ${optionsDigest}`
}

/** The source's own part of the configuration, to be noted with what is read: to go back to it takes its mapping. */
export function madeWithOf({ config }: SourceJob): Json {
  return Json.parse(JSON.parse(JSON.stringify(config)))
}

export function parseSettingsNote(note: string): { readonly mappingDigest: string; readonly optionsDigest: string } {
  const [mappingDigest = '', optionsDigest = ''] = note.split(' ')
  return { mappingDigest, optionsDigest }
}
