import type { KindName } from './kinds/kind.ts'

/** How far a run is, shared by what loads, breaks and looks. */
export interface Progress {
  readonly wanted: ReadonlyMap<KindName, number>
  readonly done: Map<KindName, number>
  readonly faultsWanted: number
  faultsDone: number
  /** What is broken just now, for people. */
  readonly broken: Set<string>
}

/** Each kind's share of the operations. */
const weights: Readonly<Record<KindName, number>> = { postgres: 40, mariadb: 20, mongodb: 20, kafka: 18, files: 2 }
/** In a long run every kind has at least so many. */
const least = 2500

export function createProgress(kinds: readonly KindName[], operations: number, faults: number): Progress {
  const total = kinds.reduce((sum, kind) => sum + weights[kind], 0)
  const shares = new Map(
    kinds.map((kind) => {
      const share = Math.round((operations * weights[kind]) / total)
      return [kind, Math.max(share, Math.min(least, Math.ceil(operations / kinds.length / 3)))]
    }),
  )
  // What the small ones got more, the largest gives.
  const [largest] = [...shares].toSorted(([, a], [, b]) => b - a)
  const sum = [...shares.values()].reduce((a, b) => a + b, 0)
  if (largest !== undefined) shares.set(largest[0], Math.max(0, largest[1] - (sum - operations)))
  return {
    wanted: shares,
    done: new Map(kinds.map((kind) => [kind, 0])),
    faultsWanted: faults,
    faultsDone: 0,
    broken: new Set(),
  }
}

const sumOf = (numbers: ReadonlyMap<unknown, number>): number => [...numbers.values()].reduce((a, b) => a + b, 0)

export const doneOf = ({ done }: Progress): number => sumOf(done)
export const wantedOf = ({ wanted }: Progress): number => sumOf(wanted)
