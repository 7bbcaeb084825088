import { fitColumns } from './fit-columns.ts'

interface Options {
  readonly width: number | undefined
  /** Names of the columns that may be cut where the width is short; the others are names and numbers. */
  readonly cut: readonly string[]
  readonly right?: readonly string[]
}

/** A table of words, each row on one line. */
export function wordTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  { width, cut, right = [] }: Options,
): string {
  const columns = heads.map((name, index) => ({
    name,
    align: right.includes(name) ? ('right' as const) : ('left' as const),
    cuttable: cut.includes(name),
    cells: rows.map((row) => (row[index] ?? '').replaceAll(/\s+/g, ' ')),
  }))
  return fitColumns(columns, width).lines.join('\n')
}
