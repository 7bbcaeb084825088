import type { Cell } from '../engine.ts'
import type { RowColumn } from './filter-rows.ts'
import { notProven } from './not-proven.ts'
import { isMoment } from './periods.ts'
import type { OrderKey } from './plan-kept.ts'

type Row = readonly Cell[]

export interface OrderedTable {
  readonly columns: readonly RowColumn[]
  readonly rows: readonly Row[]
}

/** Rows as the database gave them: by these columns upwards, nothing last. */
export interface Witness extends OrderedTable {
  readonly by: readonly string[]
  /** Whether the rows to be ordered are some of these, in the same order. */
  readonly same: boolean
}

/**
 * The rows in the order of the keys, nothing last whichever the direction. How texts follow one another only the database
 * knows: it is taken from rows that it has ordered. NotProvenSignal where they do not tell.
 */
export function orderRows(table: OrderedTable, keys: readonly OrderKey[], witness: Witness): readonly Row[] {
  const comparators: ((a: Placed, b: Placed) => number)[] = []
  for (const [at, { name, descending }] of keys.entries()) {
    const compared = new Set(keys.slice(0, at).map((key) => key.name))
    if (
      witness.same &&
      isWitnessed(
        keys.slice(at),
        witness.by.filter((column) => !compared.has(column)),
      )
    ) {
      comparators.push((a, b) => a.place - b.place)
      break
    }
    const index = table.columns.findIndex((column) => column.name === name)
    const compare = comparatorOf(table, index, witness)
    comparators.push((a, b) => compareCells(a.row[index] ?? null, b.row[index] ?? null, { compare, descending }))
  }
  return table.rows
    .map((row, place): Placed => ({ row, place }))
    .toSorted((a, b) => {
      for (const compare of comparators) {
        const order = compare(a, b)
        if (order !== 0) return order
      }
      return 0
    })
    .map(({ row }) => row)
}

interface Placed {
  readonly row: Row
  readonly place: number
}

const isWitnessed = (keys: readonly OrderKey[], by: readonly string[]): boolean =>
  keys.length === by.length && keys.every(({ name, descending }, index) => !descending && name === by[index])

type Compare = (a: Exclude<Cell, null>, b: Exclude<Cell, null>) => number

function compareCells(
  a: Cell,
  b: Cell,
  { compare, descending }: { readonly compare: Compare; readonly descending: boolean },
): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return descending ? compare(b, a) : compare(a, b)
}

function comparatorOf({ columns, rows }: OrderedTable, index: number, witness: Witness): Compare {
  const column = columns[index]
  const cells = rows.flatMap((row) => row[index] ?? [])
  if (cells.every((cell) => typeof cell === 'number' || typeof cell === 'boolean')) {
    return (a, b) => Number(a) - Number(b)
  }
  const isTime = column?.type === 'timestamp' || column?.type === 'date'
  if (
    isTime &&
    cells.every((cell) => isMoment(typeof cell === 'string' && cell.length === 10 ? `${cell}T00:00:00` : cell))
  ) {
    return (a, b) => (a < b ? -1 : a > b ? 1 : 0)
  }
  if (column?.type !== 'text') return notProven('the order of such values')
  const places = placesOf(witness, column.name)
  return (a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0)
}

/** Each value's place, where the witness leaves only one order of them. */
function placesOf({ columns, rows, by }: Witness, name: string): ReadonlyMap<Cell, number> {
  const at = by.indexOf(name)
  if (at === -1) return notProven('the order of texts that are no column')
  const indexes = by.slice(0, at + 1).map((one) => columns.findIndex((column) => column.name === one))
  const before = indexes.slice(0, -1)
  const own = indexes.at(-1) ?? -1
  const next = new Map<Cell, Set<Cell>>()
  const waiting = new Map<Cell, number>()
  for (const [place, row] of rows.entries()) {
    const value = row[own] ?? null
    if (value === null) continue
    if (!next.has(value)) next.set(value, new Set())
    if (!waiting.has(value)) waiting.set(value, 0)
    const last = rows[place - 1]
    const earlier = last?.[own] ?? null
    if (last === undefined || earlier === null || earlier === value) continue
    if (before.some((index) => (last[index] ?? null) !== (row[index] ?? null))) continue
    const followers = next.get(earlier) ?? new Set()
    if (followers.has(value)) continue
    followers.add(value)
    waiting.set(value, (waiting.get(value) ?? 0) + 1)
  }
  return onlyOrder(next, waiting)
}

function onlyOrder(next: ReadonlyMap<Cell, ReadonlySet<Cell>>, waiting: Map<Cell, number>): ReadonlyMap<Cell, number> {
  const places = new Map<Cell, number>()
  let free = [...waiting].flatMap(([value, count]) => (count === 0 ? [value] : []))
  while (free.length > 0) {
    const [value, other] = free
    if (value === undefined || other !== undefined) return notProven('texts that were never beside one another')
    places.set(value, places.size)
    free = []
    for (const follower of next.get(value) ?? []) {
      const left = (waiting.get(follower) ?? 0) - 1
      waiting.set(follower, left)
      if (left === 0) free.push(follower)
    }
  }
  return places.size === waiting.size ? places : notProven('an order that contradicts itself')
}
