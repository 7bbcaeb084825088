import type { Tree } from '../condition/tree.ts'
import type { Cell, DialectName } from '../engine.ts'
import { readMoment } from '../plan/read-moment.ts'
import { foldTexts } from './fold-text.ts'
import { notProven } from './not-proven.ts'
import { isMoment } from './periods.ts'

type Row = readonly Cell[]

/** A column of rows. */
export interface RowColumn {
  readonly name: string
  readonly kind: 'dimension' | 'entity' | 'time' | 'metric'
  /** As the engine gave it. */
  readonly type: string
}

export interface FilteredTable {
  readonly columns: readonly RowColumn[]
  readonly rows: readonly Row[]
  readonly dialect: DialectName
}

/** The rows of which every condition is true, as the database would decide it. NotProvenSignal where that is not sure. */
export function filterRows(table: FilteredTable, conditions: readonly Tree[]): readonly Row[] {
  const tests = conditions.map((tree) => testOf(table, tree))
  return table.rows.filter((row) => tests.every((test) => test(row) === true))
}

/** null: unknown. */
type Test = (row: Row) => boolean | null
type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>='

const turned = { '=': '=', '<>': '<>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const
const isComparison = (operator: string): operator is Comparison => Object.hasOwn(turned, operator)

function testOf(table: FilteredTable, tree: Tree): Test {
  if (tree.kind === 'operation') return testOperation(table, tree)
  if (tree.kind === 'not') {
    const test = testOf(table, tree.of)
    return (row) => negate(test(row))
  }
  if (tree.kind === 'is_null') {
    const [, index] = columnOf(table, tree.of)
    return (row) => row[index] === null
  }
  if (tree.kind === 'in') {
    const tests = tree.list.map((one) => testComparison(table, '=', [tree.of, one]))
    return (row) => any(tests.map((test) => test(row)))
  }
  const [{ type }, index] = columnOf(table, tree)
  if (type !== 'boolean') notProven('a column that is no condition')
  return (row) => {
    const cell = row[index] ?? null
    return typeof cell === 'boolean' ? cell : null
  }
}

function testOperation(table: FilteredTable, { operator, left, right }: Extract<Tree, { kind: 'operation' }>): Test {
  if (operator === 'and' || operator === 'or') {
    const tests = [testOf(table, left), testOf(table, right)]
    if (operator === 'or') return (row) => any(tests.map((test) => test(row)))
    return (row) => negate(any(tests.map((test) => negate(test(row)))))
  }
  if (!isComparison(operator)) return notProven('an operator of another kind')
  if (left.kind === 'value') return testComparison(table, turned[operator], [right, left])
  return testComparison(table, operator, [left, right])
}

const negate = (value: boolean | null): boolean | null => (value === null ? null : !value)
const any = (values: readonly (boolean | null)[]): boolean | null =>
  values.includes(true) ? true : values.includes(null) ? null : false

function columnOf({ columns }: FilteredTable, tree: Tree): readonly [RowColumn, number] {
  const index = tree.kind === 'name' ? columns.findIndex(({ name }) => name === tree.name) : -1
  const column = columns[index]
  return column === undefined ? notProven('something that is no column') : [column, index]
}

function testComparison(table: FilteredTable, operator: Comparison, [left, right]: readonly [Tree, Tree]): Test {
  const [column, index] = columnOf(table, left)
  if (right.kind !== 'value') return notProven('a comparison with something that is no value')
  if (right.value === null) return () => null
  const cells = table.rows.map((row) => row[index] ?? null)
  const compare = comparatorOf(column, { operator, value: right.value, cells, dialect: table.dialect })
  return (row) => {
    const cell = row[index] ?? null
    return cell === null ? null : holds(operator, compare(cell))
  }
}

interface Compared {
  readonly operator: Comparison
  readonly value: string | number | boolean
  readonly cells: readonly Cell[]
  readonly dialect: DialectName
}

/** Negative where a cell comes before the value, 0 where the two are equal. */
type Comparator = (cell: Exclude<Cell, null>) => number

const sameness = (operator: Comparison): boolean => operator === '=' || operator === '<>'

function comparatorOf({ kind, type }: RowColumn, compared: Compared): Comparator {
  const { operator, value } = compared
  if (kind === 'time' && (type === 'timestamp' || type === 'date')) return compareMoments(value)
  if (type === 'number' && typeof value === 'number') return compareNumbers(value)
  if (type === 'text' && typeof value === 'string' && sameness(operator)) return compareTexts(value, compared)
  if (type === 'boolean' && typeof value === 'boolean' && sameness(operator)) {
    return (cell) => (cell === value ? 0 : 1)
  }
  return notProven('a comparison of these types')
}

function compareMoments(value: string | number | boolean): Comparator {
  const moment = typeof value === 'string' ? readMoment(value)?.first : undefined
  if (moment === undefined) return notProven('a time beside something that is none')
  return (cell) => {
    const whole = typeof cell === 'string' && cell.length === 10 ? `${cell}T00:00:00` : cell
    if (!isMoment(whole)) return notProven('a time that is no moment')
    return whole < moment ? -1 : whole > moment ? 1 : 0
  }
}

/** Up to here every kind of number holds whole ones exactly, and is shown as it is. */
const mostExact = 2 ** 24
const isExact = (number: number): boolean => Number.isInteger(number) && Math.abs(number) <= mostExact

/** A cell may show a number in fewer digits than it has. */
function compareNumbers(value: number): Comparator {
  return (cell) => {
    if (typeof cell !== 'number') return notProven('a number of more digits')
    const apart = cell - value
    if (isExact(cell) && isExact(value)) return apart
    const near = Math.abs(apart) <= 1e-6 * Math.max(Math.abs(cell), Math.abs(value))
    return near ? notProven('numbers that are hard to tell apart') : apart
  }
}

/** Which texts are equal is the column's own affair: only one that is there, and none is like, is surely itself alone. */
function compareTexts(value: string, { cells, dialect }: Compared): Comparator {
  const texts = cells.filter((cell) => typeof cell === 'string')
  if (!texts.includes(value)) return notProven('a text that is not there')
  if (foldTexts(texts, dialect) === undefined) return notProven('texts that may be equal to the database')
  return (cell) => (cell === value ? 0 : 1)
}

function holds(operator: Comparison, order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
    default:
      return order >= 0
  }
}
