import { findTable, listTables } from './catalog.ts'
import type { TableInfo } from './catalog.ts'
import { findColumn, meant } from './columns.ts'
import type { Column } from './columns.ts'
import type { PostgresSource } from './config.ts'
import { cursorColumn } from './cursor-column.ts'
import type { CursorColumn } from './cursor-column.ts'
import type { Moment } from './server.ts'
import type { Run } from './session.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { quoteName } from './sql.ts'

/** A table by its own name. */
export interface TableName {
  readonly schema: string
  readonly name: string
}

/** What a source reads, as it is right now. */
export interface Relation {
  readonly place: Place
  /** What follows FROM; its rows are called `q`. */
  readonly from: string
  /** The table that is read, with all rows its own: none of a view, a query or tables that inherit from it. */
  readonly table: TableName | undefined
  readonly columns: readonly Column[]
  readonly key: readonly string[]
  /** Columns of a unique index within the key: pages can follow it. Absent where nothing proves the key unique. */
  readonly order: readonly string[] | undefined
  readonly cursor: CursorColumn | undefined
  /** Object ids of the tables that hold the rows. */
  readonly parts: readonly string[]
  /** Whether a row's system column xmin tells which transaction wrote it. */
  readonly hasXmin: boolean
}

/** Looks at a source, and throws SOURCE_INVALID or SOURCE_AUTH where it can't be read as configured. */
export async function inspect(run: Run, name: string, source: PostgresSource, moment: Moment): Promise<Relation> {
  const relation = 'table' in source ? await inspectTable(run, name, source) : await inspectQuery(run, name, source)
  if (relation.cursor !== undefined && moment.inRecovery) {
    throw invalidSource(
      relation.place,
      'on a standby, nothing tells which transactions of the primary may still commit',
      {
        fix: 'Leave cursor out of this source, or read the primary.',
      },
    )
  }
  return relation
}

async function inspectTable(
  run: Run,
  name: string,
  source: Extract<PostgresSource, { table: string }>,
): Promise<Relation> {
  const place = placeOf(name, source)
  const table = await findTable(run, source.table)
  if (table === undefined) {
    throw invalidSource(place, `there is no table ${source.table}${meant(source.table, await listTables(run))}`)
  }
  const from = `${quoteName(table.schema)}.${quoteName(table.name)} as q`
  const columns = await readColumns(run, from)
  const key = checkColumns(place, source.key ?? primaryKey(place, table), columns)
  if (source.cursor !== undefined && table.parts.some(({ foreign }) => foreign)) {
    throw invalidSource(place, 'nothing tells which transactions of a foreign table may still commit', {
      fix: 'Leave cursor out of this source, or read the server that holds the table.',
    })
  }
  const ownRows = table.kind === 'r' || table.kind === 'p' || table.kind === 'm'
  return {
    place,
    from,
    table: table.kind === 'r' || table.kind === 'p' ? { schema: table.schema, name: table.name } : undefined,
    columns,
    key,
    order: orderOf(place, table, key),
    cursor: cursorColumn(place, source, columns),
    parts: table.parts.map(({ id }) => id),
    hasXmin: ownRows && table.parts.every(({ heap }) => heap),
  }
}

async function inspectQuery(
  run: Run,
  name: string,
  source: Extract<PostgresSource, { query: string }>,
): Promise<Relation> {
  const place = placeOf(name, source)
  // As a subquery it can only be one SELECT; the line break ends a comment.
  const from = `(${source.query.replace(/[;\s]+$/, '')}\n) as q`
  const columns = await readColumns(run, from)
  const names = columns.map((column) => column.name)
  const twice = names.find((column, at) => names.indexOf(column) !== at)
  if (twice !== undefined) throw invalidSource(place, `its query gives two columns the name ${twice}`)
  const key = checkColumns(place, source.key, columns)
  const cursor = cursorColumn(place, source, columns)
  return { place, from, table: undefined, columns, key, order: undefined, cursor, parts: [], hasXmin: false }
}

export function placeOf(name: string, source: PostgresSource): Place {
  return { subject: `Source ${name}`, what: 'table' in source ? source.table : 'its query' }
}

async function readColumns(run: Run, from: string): Promise<readonly Column[]> {
  return (await run(`select q.* from ${from} limit 0`)).columns
}

function primaryKey(place: Place, table: TableInfo): readonly string[] {
  const primary = table.unique.find((index) => index.primary)
  if (primary !== undefined) return primary.columns
  throw invalidSource(place, `${place.what} has no primary key`, {
    fix: 'Name the columns that tell its rows apart under `key`.',
  })
}

function checkColumns(place: Place, key: string | readonly string[], columns: readonly Column[]): readonly string[] {
  const names = typeof key === 'string' ? [key] : key
  for (const name of names) findColumn(place, name, columns)
  return names
}

/** Views and tables with children have no index that covers them: their keys are checked as they are read. */
function orderOf(place: Place, table: TableInfo, key: readonly string[]): readonly string[] | undefined {
  if (table.inherited || (table.kind !== 'r' && table.kind !== 'p')) return undefined
  const unique = table.unique.find(({ columns }) =>
    columns.every((name) => key.includes(name) && table.notNull.includes(name)),
  )
  if (unique !== undefined) return unique.columns
  throw invalidSource(place, `nothing keeps ${key.join(', ')} unique and filled in ${place.what}`, {
    fix: 'Name a key with a unique index on columns that are NOT NULL, or create one.',
  })
}
