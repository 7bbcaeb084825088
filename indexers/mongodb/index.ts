import type { IndexerType } from '../../src/core/indexer.ts'
import { MongodbConnection, MongodbSource } from './config.ts'
import { clusterTimeOrder } from './positions.ts'

// The driver is loaded at first use: a configuration is checked without it.
const mongodb = {
  type: 'mongodb',
  schemes: ['mongodb', 'mongodb+srv'],
  connection: MongodbConnection,
  source: MongodbSource,
  deletes: 'streamed',
  whereIs: ({ collection }, { key }) => `the document with _id ${key} of ${collection}`,
  positions: () => clusterTimeOrder,
  open: async (connection, options) => (await import('./open.ts')).openMongodb(connection, options),
  draft: async (connection) => (await import('./draft.ts')).draftSources(connection),
} satisfies IndexerType<MongodbConnection, MongodbSource>

export default mongodb
