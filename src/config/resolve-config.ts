import { join } from 'node:path'
import type { Config, ConnectionConfig, LedgerConfig, SourceConfig } from '../core/config.ts'
import type { Mapping } from '../core/mapping.ts'
import type { Caller } from '../core/caller.ts'
import { absolutePath, absolutePaths } from './absolute-paths.ts'
import { connectionJsonSchema, sourceJsonSchema } from './json-schema.ts'
import { metricsSource } from './metrics-source.ts'
import type { ParsedConfig } from './parse-config.ts'
import type { ParsedConnection } from './parse-connection.ts'
import type { ParsedSource } from './parse-source.ts'
import { placeSecrets } from './place-secrets.ts'
import type { ConfigDocument } from './problem.ts'

interface Origin {
  readonly dir: string
  readonly file: string
  readonly document: ConfigDocument
}

/** Completes what was parsed: defaults that depend on other keys, absolute paths, secrets with their places. */
export function resolveConfig({ common, connections, sources }: ParsedConfig, origin: Origin): Config {
  const { dir, file } = origin
  const metrics = common.metrics === undefined ? undefined : absolutePath(common.metrics, dir)
  const all = [
    ...sources.map((one) => resolveSource(one, common.access.default, dir)),
    ...(metrics === undefined ? [] : [metricsSource(metrics)]),
  ]
  return deepFreeze({
    dir,
    file,
    ledger: resolveLedger(common.ledger, origin),
    lexical: placeSecrets(common.lexical, ['lexical'], origin),
    embedding: placeSecrets(common.embedding, ['embedding'], origin),
    chunking: common.chunking,
    access: { default: common.access.default, local: toCaller(common.access.local) },
    connections: Object.fromEntries(connections.flatMap((one) => resolveConnection(one, origin))),
    sources: Object.fromEntries(all.map((one) => [one.name, one])),
    verify: common.verify === 'off' ? undefined : { everyMs: common.verify.every },
    sync: common.sync,
    metrics,
  })
}

function resolveLedger(ledger: ParsedConfig['common']['ledger'], origin: Origin): LedgerConfig {
  if (ledger === undefined) return { kind: 'embedded', dir: join(origin.dir, '.aquifer') }
  return { kind: 'postgres', url: placeSecrets(ledger.postgres, ['ledger', 'postgres'], origin), schema: ledger.schema }
}

function toCaller(local: ParsedConfig['common']['access']['local']): Caller {
  return 'admin' in local
    ? { id: 'local', groups: [], admin: true }
    : { id: 'local', groups: local.groups, admin: false }
}

function resolveConnection({ name, type, options }: ParsedConnection, origin: Origin): [string, ConnectionConfig][] {
  if (type === undefined) return []
  const absolute = absolutePaths(options, connectionJsonSchema(type), origin.dir)
  return [[name, { name, type: type.type, options: placeSecrets(absolute, ['connections', name], origin) }]]
}

function resolveSource(source: ParsedSource, access: Mapping['acl'], dir: string): SourceConfig {
  const { title, text, url, fields, vector, acl, freshness, every, compare, ...rest } = source.common
  return {
    name: source.name,
    type: source.type.type,
    connection: source.connection,
    options: absolutePaths(source.options, sourceJsonSchema(source.type), dir),
    mapping: {
      ...(title !== undefined && { title }),
      ...(text !== undefined && { text }),
      ...(url !== undefined && { url }),
      fields,
      acl: acl ?? access,
      ...(vector !== undefined && { vector }),
    },
    language: rest.language,
    owner: rest.owner,
    description: rest.description,
    freshness: { warnMs: freshness?.warn, errorMs: freshness?.error },
    everyMs: every,
    compareMs: compare,
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
