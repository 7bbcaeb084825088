import type { PositionOrder } from '../../src/core/position-order.ts'
import { isLsn, lsnNumber, withoutHeader } from './stream/lsn.ts'

/** Places in the log: a source stands where everything that was committed before has been handed over. */
export const lsnOrder: PositionOrder = {
  form: 'a place in the log such as 16/B374D848 (select pg_current_wal_lsn() after the commit)',
  isPosition: isLsn,
  covers: (at, wanted) => isLsn(at) && lsnNumber(at) >= withoutHeader(lsnNumber(wanted)),
}
