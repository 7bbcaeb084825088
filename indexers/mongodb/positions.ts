import type { PositionOrder } from '../../src/core/position-order.ts'

const time = /^(\d{1,10}):(\d{1,10})$/

/** Cluster times: seconds and a number within the second, as every answer of a replica set has them. */
export const clusterTimeOrder: PositionOrder = {
  form: "a cluster time such as 1790000000:3 (seconds and number of the session's operationTime after the write)",
  isPosition: (text) => time.test(text),
  covers(at, wanted) {
    const [reached, asked] = [at, wanted].map(parse)
    return reached !== undefined && asked !== undefined && reached >= asked
  },
}

function parse(text: string): bigint | undefined {
  const [, seconds, number] = time.exec(text) ?? []
  return seconds === undefined || number === undefined ? undefined : (BigInt(seconds) << 32n) | BigInt(number)
}

interface Timestamp {
  getHighBitsUnsigned(): number
  getLowBitsUnsigned(): number
}

/** A BSON timestamp as one number, in the order of time. */
export function clusterTime(timestamp: Timestamp): bigint {
  return (BigInt(timestamp.getHighBitsUnsigned()) << 32n) | BigInt(timestamp.getLowBitsUnsigned())
}

export function positionText(clock: bigint): string {
  return `${clock >> 32n}:${clock & 0xffff_ffffn}`
}
