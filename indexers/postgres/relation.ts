import { findTable, listTables } from './catalog.ts'
import type { TableInfo } from './catalog.ts'
import { findColumn, meant } from '../../src/core/find-column.ts'
import type { Column } from './columns.ts'
import type { PostgresSource } from './config.ts'
import { cursorColumn } from './cursor-column.ts'
import type { CursorColumn } from './cursor-column.ts'
import type { Moment } from './server.ts'
import type { Run } from './session.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { column } from './sql.ts'
import { findBranches } from './tree/branch.ts'
import { nameOf } from './tree/name-of.ts'
import { branchColumns, everyBranch, widen } from './tree/wide.ts'
import type { Wide } from './tree/wide.ts'

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
  /** Of records that are made of several tables, or of some columns. */
  readonly wide?: Wide
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

type TableSource = Extract<PostgresSource, { table: string }>

async function inspectTable(run: Run, name: string, source: TableSource): Promise<Relation> {
  const place = placeOf(name, source)
  const table = await findTable(run, source.table)
  if (table === undefined) {
    throw invalidSource(place, `there is no table ${source.table}${meant(source.table, await listTables(run))}`)
  }
  const key = source.key ?? primaryKey(place, table)
  const read = await readTable(run, place, { table, source, key: typeof key === 'string' ? [key] : key })
  const { columns, wide } = read
  const keyColumns = checkColumns(place, key, columns)
  const parts = [table, ...everyTable(wide)].flatMap((one) => one.parts)
  if (source.cursor !== undefined && parts.some(({ foreign }) => foreign)) {
    throw invalidSource(place, 'nothing tells which transactions of a foreign table may still commit', {
      fix: 'Leave cursor out of this source, or read the server that holds the table.',
    })
  }
  const ownRows = table.kind === 'r' || table.kind === 'p' || table.kind === 'm'
  return {
    ...read,
    place,
    from: `${nameOf(table)} as q`,
    table: table.kind === 'r' || table.kind === 'p' ? { schema: table.schema, name: table.name } : undefined,
    key: keyColumns,
    order: orderOf(place, table, keyColumns),
    cursor: cursorColumn(place, source, columns),
    parts: table.parts.map(({ id }) => id),
    hasXmin: ownRows && everyTable(wide).length === 0 && table.parts.every(({ heap }) => heap),
  }
}

/** The columns of a record; where they are not just those of the table, how they are read. */
async function readTable(
  run: Run,
  place: Place,
  { table, source, key }: { table: TableInfo; source: TableSource; key: readonly string[] },
): Promise<Pick<Relation, 'columns' | 'wide'>> {
  const known = table.columns.map((name) => ({ name, typeId: '' }))
  const chosen = source.columns && [
    ...new Set([...key, ...(source.cursor === undefined ? [] : [source.cursor]), ...source.columns]),
  ]
  for (const name of chosen ?? []) findColumn(place, name, known)
  const list = chosen?.map((name) => column(name)).join(', ') ?? 'q.*'
  const own = (await run(`select ${list} from ${nameOf(table)} as q limit 0`)).columns
  if (source.with === undefined && chosen === undefined) return { columns: own }
  const branches = await findBranches(run, place, {
    parent: table,
    columns: own.map(({ name }) => name),
    parts: source.with ?? {},
  })
  const wide = widen(table, { own, isWhole: chosen === undefined, branches })
  return { columns: [...own, ...branchColumns(branches)], wide }
}

/** What a reading is of: another shape, and everything has to be read again. */
export const shapeOf = ({ columns, key, order, wide }: Relation): readonly unknown[] => [
  columns,
  key,
  order ?? null,
  ...(wide === undefined ? [] : [wide.shape]),
]

/** The tables that a record is made of besides the source's own. */
export function everyTable(wide: Wide | undefined): readonly TableInfo[] {
  return everyBranch(wide?.branches ?? []).flatMap(({ hops }) => hops.map(({ table }) => table))
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
