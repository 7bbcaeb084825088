import type { EngineType } from '../../engine-type.ts'
import { DuckDbConnection } from './config.ts'
import { openDuckDb } from './open.ts'

const duckdb = {
  type: 'duckdb',
  connection: DuckDbConnection,
  open: openDuckDb,
} satisfies EngineType<DuckDbConnection>

export default duckdb
