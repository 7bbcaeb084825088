import { expired, invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { titleOf } from '../../../src/core/table-links.ts'
import type { TableId } from '../ancestors.ts'
import type { LoggedRow } from '../log.ts'
import { keyTextsOf } from '../row-changes.ts'
import type { Session } from '../session.ts'
import { quoteName } from '../sql.ts'
import type { Table } from '../table.ts'
import type { KeyTexts } from '../touched.ts'
import type { Branch, PartTable } from './branch.ts'
import { equalSql, linkColumn, linkLiteral } from './link-column.ts'

/** A place of a table in the records of a source: which of its values tell what records a row of it belongs to. */
export interface Touch {
  readonly table: PartTable
  /** Its columns that are equal to `near`, columns of the table before it on the way from the record. */
  readonly columns: readonly string[]
  readonly near: readonly string[]
  /** Joins from the record, which is `q`, to the table before it, and what that is called there. */
  readonly joins: string
  readonly alias: string
}

/** In an order of its own that holds as long as the source has the same shape. */
export function touchesOf(branches: readonly Branch[], alias = 'q', joins = ''): readonly Touch[] {
  return branches.flatMap((branch, at) => {
    const touches: Touch[] = []
    let before = { alias, joins }
    for (const [step, { table, on }] of branch.hops.entries()) {
      touches.push({ table, columns: on.map(([, own]) => own), near: on.map(([near]) => near), ...before })
      const name = `${before.alias}_${String(at)}_${String(step)}`
      const from = `${quoteName(table.schema)}.${quoteName(table.name)}`
      before = { alias: name, joins: `${before.joins} join ${from} ${name} on ${equalSql(on, before.alias, name)}` }
    }
    return [...touches, ...touchesOf(branch.branches, before.alias, before.joins)]
  })
}

/** What a logged row had and has in the columns of a touch; nothing for a NULL, which refers to nothing. */
export function touchedBy(
  place: Place,
  touch: Touch,
  row: LoggedRow,
  absent: ReadonlySet<string>,
): readonly KeyTexts[] {
  const lacking = touch.columns.find((name) => absent.has(name))
  if (lacking !== undefined) {
    throw expired(place, `its log leaves out the column ${lacking} of ${titleOf(touch.table)}`)
  }
  return [row.before, row.after].flatMap((image) => {
    if (image === undefined) return []
    const texts = touch.columns.map((name) => {
      const value = image[name]
      if (value === null) return undefined
      const text = columnOf(place, touch, name).link.read(value)
      if (text !== undefined) return text
      throw invalidSource(place, `a value of ${name} of ${titleOf(touch.table)} cannot be told exactly from its log`)
    })
    return texts.every((text) => text !== undefined) ? [texts] : []
  })
}

/** So many keys are held at once; more come by a connection of their own. */
const mostAtOnce = 2000

/** Keys of the records that these values belong to now. What they belonged to before is told of by what took them apart. */
export async function* keysTouched(
  session: Session,
  table: Table,
  touch: Touch,
  values: readonly KeyTexts[],
): AsyncGenerator<KeyTexts> {
  const sql = touchedSql(table, touch, values)
  const rows = await session.query(table.place, `${sql} limit ${String(mostAtOnce)}`)
  if (rows.length < mostAtOnce) {
    for (const row of rows) yield keyTextsOf(row, table)
    return
  }
  const order = table.key.map((_, at) => String(at + 1)).join(', ')
  for await (const row of session.stream(table.place, `${sql} order by ${order}`)) yield keyTextsOf(row, table)
}

function touchedSql(table: Table, touch: Touch, values: readonly KeyTexts[]): string {
  const columns = touch.columns.map((name) => columnOf(table.place, touch, name))
  const rows = values.map((texts) =>
    touch.near
      .map((near, at) => {
        const known = columns[at]
        const literal = known === undefined ? 'null' : linkLiteral(known.link, known.column, texts[at] ?? '')
        return `${touch.alias}.${quoteName(near)} = ${literal}`
      })
      .join(' and '),
  )
  const key = table.key.map(({ name }) => `q.${quoteName(name)}`).join(', ')
  const texts = table.key.map(({ textSql }) => textSql).join(', ')
  return `select distinct ${texts} from (select ${key} from ${table.from} q${touch.joins} where ${rows
    .map((row) => `(${row})`)
    .join(' or ')}) x`
}

function columnOf(place: Place, { table: own }: Touch, name: string): LinkedColumn {
  const column = own.described.find((one) => one.name === name)
  if (column === undefined) throw expired(place, `there is no column ${name} in ${titleOf(own)}`)
  return { column, link: linkColumn(place, titleOf(own), column) }
}

interface LinkedColumn {
  readonly column: PartTable['described'][number]
  readonly link: ReturnType<typeof linkColumn>
}

export function isTable(left: TableId, right: TableId): boolean {
  return left.schema === right.schema && left.name === right.name
}
