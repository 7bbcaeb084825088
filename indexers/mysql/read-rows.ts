import type { Change } from '../../schemas/record.ts'
import { keyOf } from './key-column.ts'
import type { Pace } from '../../src/core/pace.ts'
import { keyProblem, keyTextsOf, selectSql, toChange } from './row-changes.ts'
import type { RowContext } from './row-changes.ts'
import type { Rows, Session } from './session.ts'
import { quoteName } from './sql.ts'
import type { Table } from './table.ts'
import type { KeyTexts } from './touched.ts'

/** All rows in the order of a unique index, each page by a statement of its own. The pages show different moments. */
export async function* readPages(
  session: Session,
  table: Table,
  start: KeyTexts,
  pace: Pace,
): AsyncGenerator<{ readonly rows: Rows; readonly after: KeyTexts }> {
  const { place, order, key } = table
  const places = order.map(({ name }) => key.findIndex((each) => each.name === name))
  let after = start
  for (;;) {
    const limit = pace.rows
    const where = after.length === 0 ? '' : ` where ${afterSql(table, after)}`
    const columns = order.map(({ name }) => quoteName(name)).join(', ')
    const rows = await session.query(place, `${selectSql(table)}${where} order by ${columns} limit ${limit}`)
    const last = rows.at(-1)
    if (last === undefined) return
    pace.observe(rows)
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

/** What the rows of these keys are now: a put for each that is there, a delete for each that is not. */
export async function readTouched(
  session: Session,
  keys: readonly KeyTexts[],
  context: RowContext,
  pace: Pace,
): Promise<readonly Change[]> {
  const { source, position, table } = context
  const rows = await session.query(table.place, `${selectSql(table)} where ${touchedSql(table, keys)}`)
  pace.observe(rows)
  // Case or accents that the index does not heed may bring the row of another key; it is as it is now, too.
  const found = new Set(rows.map((row) => keyOf(keyTextsOf(row, table))))
  const gone = keys.map(keyOf).filter((key) => !found.has(key) && keyProblem(key) === undefined)
  return [
    ...gone.map((key): Change => ({ kind: 'delete', source, key, position })),
    ...rows.map((row) => toChange(row, context)),
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
