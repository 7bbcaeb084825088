import type { Change } from '../../schemas/record.ts'
import { keyOf } from './key-column.ts'
import type { Pace } from '../../src/core/pace.ts'
import { keyProblem, keyTextsOf, selectSql, toChange } from './row-changes.ts'
import type { RowContext } from './row-changes.ts'
import type { Rows, Session } from './session.ts'
import { quoteName } from './sql.ts'
import type { Table } from './table.ts'
import type { KeyTexts } from './touched.ts'
import { grow, inSnapshot } from './tree/grow.ts'
import type { Grown } from './tree/grow.ts'

/** All rows in the order of a unique index, each page by a statement of its own. The pages show different moments. */
export async function* readPages(
  session: Session,
  table: Table,
  start: KeyTexts,
  pace: Pace,
): AsyncGenerator<{ readonly rows: readonly WholeRow[]; readonly after: KeyTexts }> {
  const { order, key } = table
  const places = order.map(({ name }) => key.findIndex((each) => each.name === name))
  let after = start
  for (;;) {
    const limit = pace.rows
    const where = after.length === 0 ? '' : ` where ${afterSql(table, after)}`
    const columns = order.map(({ name }) => quoteName(name)).join(', ')
    const rows = await readWhole(session, table, `${selectSql(table)}${where} order by ${columns} limit ${limit}`)
    const last = rows.at(-1)?.row
    if (last === undefined) return
    pace.observe(rows.map(sizeOf))
    const texts = keyTextsOf(last, table)
    after = places.map((at) => texts[at] ?? '')
    yield { rows, after }
    if (rows.length < limit) return
  }
}

/** What an index finds; a comparison of several columns at once would read it from the start. */
function afterSql({ order }: Table, after: KeyTexts): string {
  const terms = order.map((column, at) => {
    const same = order
      .slice(0, at)
      .map((each, before) => `${quoteName(each.name)} = ${each.literal(after[before] ?? '')}`)
    return `(${[...same, `${quoteName(column.name)} > ${column.literal(after[at] ?? '')}`].join(' and ')})`
  })
  const [first] = order
  if (first === undefined || terms.length === 1) return terms.join('')
  return `${quoteName(first.name)} >= ${first.literal(after[0] ?? '')} and (${terms.join(' or ')})`
}

/** A row with what belongs into it of other tables. */
export interface WholeRow {
  readonly row: Rows[number]
  readonly grown?: Grown
}

/** The rows of these keys, and others that the index does not tell from them. */
export function readKeyed(session: Session, table: Table, keys: readonly KeyTexts[]): Promise<readonly WholeRow[]> {
  return readWhole(session, table, `${selectSql(table)} where ${touchedSql(table, keys)}`)
}

/** Rows of a record's own table as one moment shows them, with what belongs to them at the same. */
async function readWhole(session: Session, table: Table, sql: string): Promise<readonly WholeRow[]> {
  const { place, branches } = table
  if (branches.length === 0) return (await session.query(place, sql)).map((row) => ({ row }))
  return inSnapshot(session, place, async (run) => {
    const rows = await run(sql)
    const grown = await grow(run, place, { branches, rows })
    return rows.map((row, at) => ({ row, ...(grown[at] && { grown: grown[at] }) }))
  })
}

/** What counts for the length of a page. */
function sizeOf({ row, grown }: WholeRow): readonly ({ readonly length: number } | null)[] {
  return grown === undefined ? row : [...row, JSON.stringify(grown.values)]
}

/** What the rows of these keys are now: a put for each that is there, a delete for each that is not. */
export async function readTouched(
  session: Session,
  keys: readonly KeyTexts[],
  context: RowContext,
  pace: Pace,
): Promise<readonly Change[]> {
  const { source, position, table } = context
  const rows = await readKeyed(session, table, keys)
  pace.observe(rows.map(sizeOf))
  // Case or accents that the index does not heed may bring the row of another key; it is as it is now, too.
  const found = new Set(rows.map(({ row }) => keyOf(keyTextsOf(row, table))))
  const gone = keys.map(keyOf).filter((key) => !found.has(key) && keyProblem(key) === undefined)
  return [
    ...gone.map((key): Change => ({ kind: 'delete', source, key, position })),
    ...rows.map(({ row, grown }) => toChange(row, context, grown)),
  ]
}

function touchedSql({ key }: Table, keys: readonly KeyTexts[]): string {
  const [only, ...more] = key
  if (only !== undefined && more.length === 0) {
    return `${quoteName(only.name)} in (${keys.map((texts) => only.literal(texts[0] ?? '')).join(', ')})`
  }
  const rows = keys.map((texts) =>
    key.map(({ name, literal }, at) => `${quoteName(name)} = ${literal(texts[at] ?? '')}`).join(' and '),
  )
  return rows.map((row) => `(${row})`).join(' or ')
}
