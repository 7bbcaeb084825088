import { decimalCell, doubleCell, timestampCell } from '../../engine-rows.ts'
import type { Cell, ColumnType, EngineResult } from '../../engine.ts'

/** One column as Postgres describes it; a domain has the id of the type below it. */
export interface Field {
  readonly name: string
  readonly dataTypeID: number
}

interface CellType {
  readonly type: ColumnType
  readonly parse: (text: string) => Cell
}

const text: CellType = { type: 'text', parse: (value) => value }
const integer: CellType = { type: 'number', parse: Number }
const decimal: CellType = { type: 'number', parse: decimalCell }
const double: CellType = { type: 'number', parse: (value) => doubleCell(Number(value)) }

/** By object id of the built-in types; everything else is the text that Postgres prints. */
const types: Readonly<Record<number, CellType>> = {
  16: { type: 'boolean', parse: (value) => value === 't' },
  20: decimal,
  21: integer,
  23: integer,
  26: integer,
  700: double,
  701: double,
  1700: decimal,
  1082: { type: 'date', parse: (value) => value },
  1114: { type: 'timestamp', parse: timestampCell },
  // Sessions are in UTC, so this is UTC's wall time.
  1184: { type: 'timestamp', parse: (value) => timestampCell(value.replace(/\+00$/, '')) },
}

export interface RowReader {
  readonly columns: EngineResult['columns']
  read(fields: readonly (string | null)[]): readonly Cell[]
}

/** How to read rows of text with these columns. */
export function readerOf(fields: readonly Field[]): RowReader {
  const cells = fields.map(({ dataTypeID }) => types[dataTypeID] ?? text)
  return {
    columns: fields.map(({ name }, index) => ({ name, type: cells[index]?.type ?? 'text' })),
    read: (row) => row.map((value, index) => (value === null ? null : (cells[index] ?? text).parse(value))),
  }
}
