import { AquiferError } from '../../../core/errors.ts'
import type { Engine } from '../../engine.ts'
import type { EngineOptions } from '../../engine-type.ts'
import type { DuckDbConnection } from './config.ts'

export function openDuckDb({ name }: EngineOptions<DuckDbConnection>): Promise<Engine> {
  return Promise.reject(new AquiferError('INTERNAL', `Connection ${name} cannot be opened yet.`))
}
