import type { Acl, Embedding, Language, Lexical, Secret, SecretUrl } from '../../schemas/config.ts'
import type { Caller } from './caller.ts'
import type { Mapping } from './mapping.ts'

/** T with the place that names it added to every secret, such as `connections.shop.url (aquifer.yaml:4:10)`. */
export type Placed<T> = T extends Secret
  ? T & { readonly place: string }
  : T extends object
    ? { readonly [K in keyof T]: Placed<T[K]> }
    : T

/** T with the text of every secret in its place. */
export type Revealed<T> = T extends Secret ? string : T extends object ? { readonly [K in keyof T]: Revealed<T[K]> } : T

/**
 * The whole configuration: checked, completed, frozen. Durations are milliseconds and paths absolute. Secrets are still
 * references, so that it can be printed, and so that only what is opened needs its own: see `revealSecrets`.
 */
export interface Config {
  readonly dir: string
  readonly file: string
  readonly ledger: LedgerConfig
  readonly lexical: Placed<Lexical> | undefined
  readonly embedding: Placed<Embedding>
  readonly chunking: { readonly maxTokens: number }
  readonly access: AccessConfig
  readonly connections: Readonly<Record<string, ConnectionConfig>>
  readonly sources: Readonly<Record<string, SourceConfig>>
  /** How often a watch verifies; undefined: never. */
  readonly verify: { readonly everyMs: number } | undefined
  /** How many connections a process follows at once where others can take the rest. */
  readonly sync: { readonly connections: number }
  /** Folder of semantic models. */
  readonly metrics: string | undefined
}

export type LedgerConfig =
  | { readonly kind: 'embedded'; readonly dir: string }
  | { readonly kind: 'postgres'; readonly url: Placed<SecretUrl>; readonly schema: string }

export interface AccessConfig {
  /** Who may read a source that names nobody; undefined means administrators only. */
  readonly default: Acl | undefined
  /** Whom the command line and stdio act as. */
  readonly local: Caller
}

export interface ConnectionConfig {
  readonly name: string
  readonly type: string
  /** As the type's own schema parsed it, with a place for every secret. */
  readonly options: unknown
}

export interface SourceConfig {
  readonly name: string
  readonly type: string
  /** Name of its connection; absent for a type that needs none. */
  readonly connection: string | undefined
  /** As the type's own schema parsed it. */
  readonly options: unknown
  readonly mapping: Mapping
  readonly language: Language
  readonly owner: string | undefined
  readonly description: string | undefined
  readonly freshness: { readonly warnMs: number | undefined; readonly errorMs: number | undefined }
  readonly everyMs: number
  readonly compareMs: number
}
