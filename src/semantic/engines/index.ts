import { AquiferError } from '../../core/errors.ts'
import { hint } from '../../core/nearest.ts'
import type { EngineType } from '../engine-type.ts'

/** Every type of database that metrics are computed in: one lazy line each, so that only what is used is loaded. */
export const engines = {
  clickhouse: () => import('./clickhouse/index.ts'),
  duckdb: () => import('./duckdb/index.ts'),
  mysql: () => import('./mysql/index.ts'),
  pglite: () => import('./postgres/pglite.ts'),
  postgres: () => import('./postgres/index.ts'),
} as const satisfies Readonly<Record<string, () => Promise<{ readonly default: EngineType }>>>

/** CONFIG_INVALID with the nearest name for a type of connection that no metric can be computed in. */
export async function loadEngine(type: string): Promise<EngineType> {
  if (isEngine(type)) return (await engines[type]()).default
  throw new AquiferError(
    'CONFIG_INVALID',
    `Metrics cannot be computed in a connection of type ${type}${hint(type, Object.keys(engines))}`,
  )
}

export function isEngine(type: string): type is keyof typeof engines {
  return Object.hasOwn(engines, type)
}
