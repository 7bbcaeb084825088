import { AquiferError } from '../core/errors.ts'
import { longestWaitMs, type SearchRequest } from '../core/knowledge.ts'
import type { PositionOrder } from '../core/position-order.ts'
import type { SearchContext } from './search-context.ts'

/** How fresh an answer has to be, and how long to wait until it can be. */
export interface FreshnessDemand {
  /** By source. */
  readonly positions: ReadonlyMap<string, WantedPosition>
  /** Of every source searched. */
  readonly maxStalenessMs: number | undefined
  readonly waitMs: number
}

export interface WantedPosition {
  readonly text: string
  readonly order: PositionOrder
}

const defaultWaitMs = 10_000

/** What a request demands, of sources that its caller may name; undefined where it demands nothing. */
export async function planDemand(
  context: SearchContext,
  { minPosition = {}, maxStalenessMs, waitMs = defaultWaitMs }: SearchRequest,
): Promise<FreshnessDemand | undefined> {
  const wanted = Object.entries(minPosition)
  if (wanted.length === 0 && maxStalenessMs === undefined) return undefined
  const positions = new Map<string, WantedPosition>()
  for (const [name, text] of wanted) positions.set(name, { text, order: await orderOf(context, name, text) })
  const isNumber = Number.isFinite(waitMs) && waitMs >= 0
  return { positions, maxStalenessMs, waitMs: isNumber ? Math.min(waitMs, longestWaitMs) : defaultWaitMs }
}

async function orderOf({ sources, orderOf: find }: SearchContext, name: string, text: string): Promise<PositionOrder> {
  const config = sources[name]
  const order = config === undefined ? undefined : await find(config)
  if (order === undefined) {
    throw new AquiferError(
      'POSITION_UNSUPPORTED',
      `Source ${name} is read by looking again: it has times, no positions.`,
    )
  }
  if (order.isPosition(text)) return order
  throw notOne(name, text, order)
}

export function notOne(source: string, text: string, { form }: PositionOrder): AquiferError {
  return new AquiferError(
    'POSITION_INVALID',
    `${JSON.stringify(text.slice(0, 200))} is no position of source ${source}. One of its own is ${form}.`,
  )
}
