import type { MysqlSource } from './config.ts'
import { Column } from './columns.ts'
import { keyColumn } from './key-column.ts'
import type { KeyColumn } from './key-column.ts'
import { findAncestors } from './ancestors.ts'
import type { Ancestor } from './ancestors.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { quoteName, textSql } from './sql.ts'
import { findBranches, tablesOf } from './tree/branch.ts'
import type { Branch, PartTable } from './tree/branch.ts'
import { touchesOf } from './tree/touches.ts'
import type { Touch } from './tree/touches.ts'

/** What a source reads, as it is right now. */
export interface Table {
  readonly place: Place
  readonly schema: string
  readonly name: string
  /** What follows FROM. */
  readonly from: string
  /** All that `select *` would show. */
  readonly columns: readonly Column[]
  readonly key: readonly KeyColumn[]
  /** Columns of a unique index within the key: pages can follow it. */
  readonly order: readonly KeyColumn[]
  /** Tables whose changes reach into what is read without being logged. */
  readonly ancestors: readonly Ancestor[]
  /** As the way to other tables sees it. */
  readonly self: PartTable
  readonly branches: readonly Branch[]
  readonly touches: readonly Touch[]
}

export interface Context {
  readonly session: Session
  readonly server: Server
  /** The database of the URL. */
  readonly database: string | undefined
}

function placeOf(name: string, source: MysqlSource): Place {
  return { subject: `Source ${name}`, what: source.table }
}

/** Looks at a source, and throws SOURCE_INVALID or SOURCE_AUTH where it can't be read as configured. */
export async function inspect(context: Context, source: string, settings: MysqlSource): Promise<Table> {
  const place = placeOf(source, settings)
  const self = await findPart(context, place, settings.table)
  const { schema, name, unique, described: all } = self
  const key = keyNames(place, settings, unique)
  const unknown = key.find((each) => !all.some((column) => column.name === each))
  if (unknown !== undefined) throw invalidSource(place, `there is no column ${unknown} in ${place.what}`)
  const columns = new Map(all.map((column) => [column.name, keyOfColumn(place, column, key)]))
  const order = unique.find((index) => index.columns.every((each) => key.includes(each)))?.columns
  if (order === undefined) {
    throw invalidSource(place, `nothing keeps two rows from having the same ${key.join(', ')}`, {
      fix: 'Name the columns of a unique index that are all NOT NULL as key, or add one.',
    })
  }
  const visible = all.filter((column) => column.visible)
  const branches = await findBranches(
    { context, place, find: (at, text) => findPart(context, at, text) },
    { parent: self, columns: visible.map((column) => column.name), parts: settings.with ?? {} },
  )
  const find = (names: readonly string[]): readonly KeyColumn[] => names.flatMap((each) => columns.get(each) ?? [])
  return {
    place,
    schema,
    name,
    from: `${quoteName(schema)}.${quoteName(name)}`,
    columns: visible,
    key: find(key),
    order: find(order),
    ancestors: distinct([self, ...tablesOf(branches)].flatMap(({ ancestors }) => ancestors)),
    self,
    branches,
    touches: touchesOf(branches),
  }
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

/** Looks at one of the tables of a source; SOURCE_INVALID where its changes cannot be followed. */
async function findPart(context: Context, place: Place, text: string): Promise<PartTable> {
  const { schema, name } = await findTable(context, text, place)
  const { logged, ignored } = context.server
  if (ignored.includes(schema) || (logged.length > 0 && !logged.includes(schema))) {
    throw invalidSource(place, `the binary log leaves out the changes of database ${schema}`, {
      fix: 'Correct binlog_do_db or binlog_ignore_db in the configuration of the server.',
    })
  }
  const described = await readColumns(context, place, schema, name)
  return {
    id: JSON.stringify([schema, name]),
    schema,
    name,
    columns: described.map((column) => column.name),
    described,
    unique: await readUnique(context.session, place, schema, name),
    ancestors: await findAncestors(context.session, place, { schema, name }),
  }
}

async function findTable(
  { session, database }: Context,
  text: string,
  place: Place,
): Promise<{ readonly schema: string; readonly name: string }> {
  const [, quotedSchema, plainSchema, quotedName, plainName] =
    /^(?:(?:`([^`]+)`|([^`.]+))\.)?(?:`([^`]+)`|([^`.]+))$/.exec(text.trim()) ?? []
  const name = quotedName ?? plainName
  const schema = quotedSchema ?? plainSchema ?? database
  if (name === undefined || schema === undefined) {
    throw invalidSource(place, `${text} does not tell which table of which database is meant`, {
      fix: 'Write it as DATABASE.TABLE.',
    })
  }
  const rows = await session.query(
    place,
    `select table_schema, table_name, table_type from information_schema.tables
      where table_schema = ${textSql(schema)} and table_name = ${textSql(name)}`,
  )
  const found = rows.map((row) => row.map(String))
  const [foundSchema, foundName, type] = found.find((row) => row[0] === schema && row[1] === name) ?? found[0] ?? []
  if (foundSchema === undefined || foundName === undefined) {
    throw invalidSource(place, `there is no table ${text}, or this user may not read it`)
  }
  if (type !== 'BASE TABLE') {
    throw invalidSource(place, `${text} is no plain table, so its changes are not in the binary log`, {
      fix: 'Name the tables that hold the rows.',
    })
  }
  return { schema: foundSchema, name: foundName }
}

async function readColumns(
  { session, server }: Context,
  place: Place,
  schema: string,
  name: string,
): Promise<readonly Column[]> {
  const where = `table_schema = ${textSql(schema)} and table_name = ${textSql(name)}`
  const rows = await session.query(
    place,
    `select column_name, data_type, column_type, character_set_name, collation_name, is_nullable, extra
      from information_schema.columns where ${where} order by ordinal_position`,
  )
  const json = server.mariadb ? await readJsonChecks(session, place, schema, name) : new Set<string>()
  return rows.map((row) => {
    const [column, type, fullType, charset, collation, nullable, extra] = row.map((cell) => cell?.toString() ?? null)
    return Column.parse({
      name: column,
      type: type?.toLowerCase(),
      fullType,
      charset,
      collation,
      nullable: nullable === 'YES',
      visible: !/\binvisible\b/i.test(extra ?? ''),
      json: json.has(column ?? ''),
    })
  })
}

/** MySQL has a type for JSON, MariaDB a text with a check. */
async function readJsonChecks(
  session: Session,
  place: Place,
  schema: string,
  name: string,
): Promise<ReadonlySet<string>> {
  const sql = `select check_clause from information_schema.check_constraints
    where constraint_schema = ${textSql(schema)} and table_name = ${textSql(name)}`
  const rows = await session.query(place, sql)
  return new Set(
    rows.flatMap(([clause]) => {
      const [, column] = /^json_valid\(`([^`]+)`\)$/i.exec(String(clause)) ?? []
      return column === undefined ? [] : [column]
    }),
  )
}

interface Unique {
  readonly primary: boolean
  readonly columns: readonly string[]
}

/** Unique indexes on whole columns that are NOT NULL, the primary key first. */
async function readUnique(session: Session, place: Place, schema: string, name: string): Promise<readonly Unique[]> {
  const rows = await session.query(
    place,
    `select index_name, column_name, sub_part is null and nullable <> 'YES' and column_name is not null
      from information_schema.statistics where table_schema = ${textSql(schema)} and table_name = ${textSql(name)}
        and non_unique = 0 order by index_name <> 'PRIMARY', index_name, seq_in_index`,
  )
  const found = new Map<string, { names: string[]; isWhole: boolean }>()
  for (const [index, column, isWhole] of rows) {
    const entry = found.get(String(index)) ?? { names: [], isWhole: true }
    entry.names.push(String(column))
    entry.isWhole &&= String(isWhole) === '1'
    found.set(String(index), entry)
  }
  return [...found]
    .filter(([, { isWhole }]) => isWhole)
    .map(([index, { names }]) => ({ primary: index === 'PRIMARY', columns: names }))
}

function keyNames(place: Place, { key }: MysqlSource, unique: readonly Unique[]): readonly string[] {
  if (key !== undefined) return typeof key === 'string' ? [key] : key
  const primary = unique.find((index) => index.primary)
  if (primary !== undefined) return primary.columns
  throw invalidSource(place, `${place.what} has no primary key`, {
    fix: 'Name the columns of a unique index that are all NOT NULL as key of this source.',
  })
}

function keyOfColumn(place: Place, column: Column, key: readonly string[]): KeyColumn | undefined {
  if (!key.includes(column.name)) return undefined
  if (column.nullable) throw invalidSource(place, `the key column ${column.name} may be NULL`)
  const found = keyColumn(column)
  if (typeof found !== 'string') return found
  throw invalidSource(place, `the key column ${column.name} ${found}, which cannot be told exactly from the log`, {
    fix: 'Name another unique index as key, or change the column: whole numbers, texts in utf8mb4, binaries and times work.',
  })
}
