import type { IndexerType } from '../../src/core/indexer.ts'
import { KafkaConnection, KafkaSource } from './config.ts'
import { draftSources } from './draft.ts'
import { openKafka } from './open.ts'
import { isEarlierOffset } from './offset-order.ts'
import { offsetOrder } from './positions.ts'

const kafka = {
  type: 'kafka',
  connection: KafkaConnection,
  source: KafkaSource,
  deletes: 'streamed',
  whereIs: ({ topic }, { position }) => `the message at ${position} of ${topic}`,
  isOlder: isEarlierOffset,
  positions: () => offsetOrder,
  open: openKafka,
  draft: draftSources,
} satisfies IndexerType<KafkaConnection, KafkaSource>

export default kafka
