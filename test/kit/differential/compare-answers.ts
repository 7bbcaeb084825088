import type { EngineResult } from '../../../src/semantic/engine.ts'
import type { Table } from '../../../src/semantic/question.ts'
import { formatMoment, parseMoment } from '../evaluator/moment.ts'

type Row = Table['rows'][number]
type Cell = Row[number]

const tolerance = 1e-9

/** What is wrong with an engine's answer; undefined when it is the expected one, or one of several as good. */
export function findDifference(expected: Table, unlimited: Table, given: EngineResult): string | undefined {
  const names = expected.columns.map(({ name }) => name)
  const places = names.map((name) => given.columns.findIndex((column) => column.name === name))
  if (places.includes(-1)) return `columns ${given.columns.map(({ name }) => name).join(', ')}`
  const rows = given.rows.map((row) => places.map((place, index) => normalize(row[place] ?? null, expected, index)))
  if (rows.length !== expected.rows.length) return `${rows.length} rows in place of ${expected.rows.length}`
  const wrong = rows.findIndex((row, index) => !areEqual(row, expected.rows[index] ?? []))
  if (wrong === -1) return undefined
  // Numbers that are as good as equal may stand in another order, and the limit may cut elsewhere among them.
  const left = [...unlimited.rows]
  for (const row of rows) {
    const found = left.findIndex((one) => areEqual(row, one))
    if (found === -1) return `row ${JSON.stringify(row)}`
    left.splice(found, 1)
  }
  const metrics = expected.columns.flatMap(({ kind }, index) => (kind === 'metric' ? [index] : []))
  const isSame = metrics.some((index) => areClose(rows[wrong]?.[index] ?? null, expected.rows[wrong]?.[index] ?? null))
  return isSame ? undefined : `row ${wrong} in another order`
}

function normalize(cell: Cell, { columns }: Table, index: number): Cell {
  const type = columns[index]?.type
  if (cell === null) return null
  if (type === 'number' && typeof cell === 'string' && cell !== '' && Number.isFinite(Number(cell))) return Number(cell)
  if (type === 'boolean' && typeof cell === 'number') return cell !== 0
  if (type === 'timestamp' && typeof cell === 'string') return formatMoment(parseMoment(cell))
  return cell
}

const areEqual = (one: Row, other: Row): boolean =>
  one.length === other.length && one.every((cell, index) => areClose(cell, other[index] ?? null))

function areClose(one: Cell, other: Cell): boolean {
  if (typeof one !== 'number' || typeof other !== 'number') return one === other
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other))
}
