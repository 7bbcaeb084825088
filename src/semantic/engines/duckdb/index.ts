import type { EngineType } from '../../engine-type.ts'
import { DuckDbConnection } from './config.ts'

const duckdb = {
  type: 'duckdb',
  connection: DuckDbConnection,
  // The library is large: it is loaded by whoever opens the engine, not by who only reads a configuration.
  open: async (options) => (await import('./open.ts')).openDuckDb(options),
} satisfies EngineType<DuckDbConnection>

export default duckdb
