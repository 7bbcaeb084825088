import type { IndexerType } from '../../src/core/indexer.ts'
import { PostgresConnection, PostgresSource } from './config.ts'
import { draftSources } from './draft.ts'
import { openPostgres } from './open.ts'
import { isEarlierInLog } from './stream/lsn.ts'
import { lsnOrder } from './positions.ts'

const postgres = {
  type: 'postgres',
  schemes: ['postgresql', 'postgres'],
  connection: PostgresConnection,
  source: PostgresSource,
  deletes: 'by comparison',
  deletesOf: ({ mode }) => (mode === 'stream' ? 'streamed' : 'by comparison'),
  whereIs: (source, { key }) => `the row ${key} of ${'table' in source ? source.table : 'its query'}`,
  isOlder: isEarlierInLog,
  positions: ({ mode }) => (mode === 'stream' ? lsnOrder : undefined),
  open: openPostgres,
  draft: draftSources,
} satisfies IndexerType<PostgresConnection, PostgresSource>

export default postgres
