import { AquiferError } from '../src/core/errors.ts'
import type { IndexerType } from '../src/core/indexer.ts'
import { hint } from '../src/core/nearest.ts'

/** Every type of source: one lazy line each, so that a driver is loaded only where it is configured. */
export const indexers = {
  files: () => import('./files/index.ts'),
  kafka: () => import('./kafka/index.ts'),
  mongodb: () => import('./mongodb/index.ts'),
  mysql: () => import('./mysql/index.ts'),
  postgres: () => import('./postgres/index.ts'),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly default: IndexerType }>>>

/** CONFIG_INVALID with the nearest name for a type that there is not. */
export async function loadIndexer(type: string): Promise<IndexerType> {
  if (isKnown(type)) return (await indexers[type]()).default
  throw new AquiferError('CONFIG_INVALID', `There is no type of source ${type}${hint(type, Object.keys(indexers))}`)
}

function isKnown(type: string): type is keyof typeof indexers {
  return Object.hasOwn(indexers, type)
}
