import type { IndexerType } from '../../src/core/indexer.ts'
import { PostgresConnection, PostgresSource } from './config.ts'
import { openPostgres } from './open.ts'

const postgres: IndexerType<PostgresConnection, PostgresSource> = {
  type: 'postgres',
  connection: PostgresConnection,
  source: PostgresSource,
  deletes: 'by comparison',
  open: openPostgres,
}

export default postgres
