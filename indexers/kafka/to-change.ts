import type { Change, Row } from '../../schemas/record.ts'
import { readMessage } from './read-message.ts'
import type { Message } from './read-records.ts'
import type { Reader } from './reading.ts'

/** The end of the year 9999: a producer may write any time it likes. */
const latestTime = 253_402_300_799_999n

export function toChange({ name: source, source: { topic, format }, options }: Reader, message: Message): Change {
  const { partition, offset, timestamp } = message
  const position = `${partition}:${offset}`
  const told = readMessage(message, format)
  if (told.kind === 'delete') return { kind: 'delete', source, key: told.key, position }
  if (told.kind === 'reject') {
    const key = `${topic}-${partition}@${offset}`
    return {
      kind: 'reject',
      source,
      key,
      position,
      code: 'RECORD_INVALID',
      message: `Source ${source}: ${told.problem}.`,
    }
  }
  const { key, row } = told
  const isTime = timestamp >= 0n && timestamp <= latestTime
  return {
    kind: 'put',
    source,
    key,
    position,
    digest: options.digest(canonicalText(row)),
    content: { kind: 'row', row, sparse: true },
    ...(isTime ? { modifiedAt: new Date(Number(timestamp)).toISOString() } : {}),
  }
}

/** The text of an item, whichever kind of message told of it. */
export function canonicalText(row: Row): string {
  return JSON.stringify(row)
}
