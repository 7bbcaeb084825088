import pLimit from 'p-limit'
import type { Kind } from './kind.ts'

/** Whatever is done to this source is done one after the other: a fault must not fall into the middle of an operation. */
export function inTurn(kind: Kind): Kind {
  const turn = pLimit(1)
  return {
    ...kind,
    operate: (random, count) => turn(() => kind.operate(random, count)),
    finish: () => turn(() => kind.finish()),
    put: (source, key, item) => turn(() => kind.put(source, key, item)),
    ...(kind.commitOpen === undefined ? {} : { commitOpen: () => turn(async () => kind.commitOpen?.()) }),
    ...(kind.loseLog === undefined ? {} : { loseLog: () => turn(async () => kind.loseLog?.()) }),
  }
}
