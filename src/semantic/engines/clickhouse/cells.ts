import { decimalCell, doubleCell, timestampCell } from '../../engine-rows.ts'
import type { Cell, ColumnType, EngineResult } from '../../engine.ts'

interface CellType {
  readonly type: ColumnType
  readonly parse: (value: unknown) => Cell
}

const text: CellType = { type: 'text', parse: (value) => (typeof value === 'string' ? value : JSON.stringify(value)) }

/** Of the JSON that `settings.ts` asks for: wide numbers and what is no number come as text, moments in UTC with a Z. */
const types: readonly (readonly [RegExp, CellType])[] = [
  [/^U?Int\d+$|^Decimal/, { type: 'number', parse: (value) => decimalCell(String(value)) }],
  [/^B?Float\d+$/, { type: 'number', parse: (value) => doubleCell(Number(notFinite[String(value)] ?? value)) }],
  [/^Bool$/, { type: 'boolean', parse: (value) => value === true }],
  [/^Date(?:32)?$/, { type: 'date', parse: String }],
  [/^DateTime/, { type: 'timestamp', parse: (value) => timestampCell(String(value).replace(/Z$/, '')) }],
]

const notFinite: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  '-nan': Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
}

function typeOf(name: string): CellType {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/.exec(name)?.[1]
  if (inner !== undefined) return typeOf(inner)
  return types.find(([pattern]) => pattern.test(name))?.[1] ?? text
}

export interface RowReader {
  readonly columns: EngineResult['columns']
  read(row: readonly unknown[]): readonly Cell[]
}

/** How to read rows with these columns, of these types as ClickHouse writes them. */
export function readerOf(names: readonly string[], typeNames: readonly string[]): RowReader {
  const cells = typeNames.map(typeOf)
  return {
    columns: names.map((name, index) => ({ name, type: cells[index]?.type ?? 'text' })),
    read: (row) => row.map((value, index) => (value === null ? null : (cells[index] ?? text).parse(value))),
  }
}
