import type { EngineType } from '../../engine-type.ts'
import { openPostgres, type PostgresOptions } from './open.ts'

/** Its connection is that of the indexer of the same name. */
const postgres = { type: 'postgres', open: openPostgres } satisfies EngineType<PostgresOptions>

export default postgres
