import type { DraftColumn, DraftTable } from '../../src/core/draft-table.ts'
import type { Place } from '../../src/core/source-error.ts'
import { Column } from './columns.ts'
import { keyColumn } from './key-column.ts'
import type { Session } from './session.ts'
import { textSql } from './sql.ts'

const systemSchemas = "('mysql', 'sys', 'information_schema', 'performance_schema')"

type Texts = readonly (string | null)[]
interface Found {
  readonly column: Column
  readonly draft: DraftColumn
}

/** The tables that this user may see and whose primary key can be told from the log. */
export async function listDraftTables(
  session: Session,
  place: Place,
  database: string | undefined,
): Promise<readonly DraftTable[]> {
  const schema = (column: string): string =>
    database === undefined ? `${column} not in ${systemSchemas}` : `${column} = ${textSql(database)}`
  const read = async (sql: string): Promise<readonly Texts[]> =>
    (await session.query(place, sql)).map((row) => row.map((cell) => cell?.toString() ?? null))

  const tables = await read(`select table_schema, table_name, table_comment, table_rows from information_schema.tables
    where table_type = 'BASE TABLE' and ${schema('table_schema')} order by table_schema, table_name`)
  const distinct = byTable(
    await read(`select table_schema, table_name, column_name, max(cardinality) from information_schema.statistics
    where seq_in_index = 1 and ${schema('table_schema')} group by table_schema, table_name, column_name`),
  )
  const keys = byTable(
    await read(`select table_schema, table_name, column_name from information_schema.statistics
    where index_name = 'PRIMARY' and ${schema('table_schema')} order by table_schema, table_name, seq_in_index`),
  )
  const references = byTable(
    await read(`select table_schema, table_name, column_name, constraint_name,
      concat(referenced_table_schema, '.', referenced_table_name) from information_schema.key_column_usage
    where referenced_table_name is not null and ${schema('table_schema')}
    order by table_schema, table_name, constraint_name, ordinal_position`),
  )
  const json = byTable(await readJsonChecks(read, schema('constraint_schema')))
  const columns = byTable(
    await read(`select table_schema, table_name, column_name, data_type, column_type, character_set_name, collation_name,
      is_nullable, extra, column_comment, character_maximum_length from information_schema.columns
    where ${schema('table_schema')} order by table_schema, table_name, ordinal_position`),
  )
  return tables.flatMap(([schemaName, name, comment, rows]) => {
    if (typeof schemaName !== 'string' || typeof name !== 'string' || `${schemaName}${name}`.includes('`')) return []
    const at = tableKey(schemaName, name)
    const counts = new Map(distinct.get(at)?.map(([column, count]) => [column, count]))
    const checked = new Set(json.get(at)?.flat())
    const found = (columns.get(at) ?? []).map((row) => foundColumn(row, counts, checked))
    const key = keys.get(at)?.flatMap(([column]) => column ?? []) ?? []
    const isExact = key.every((one) => found.some(({ column }) => column.name === one && isKey(column)))
    if (!isExact) return []
    return [
      {
        schema: schemaName,
        name,
        comment: comment === '' || comment === undefined ? null : comment,
        rows: Number(rows ?? -1),
        key,
        columns: found.filter(({ column }) => column.visible).map(({ draft }) => draft),
        references: referencesOf(references.get(at) ?? []),
        indexed: [...counts.keys()].flatMap((column) => column ?? []),
      },
    ]
  })
}

const isKey = (column: Column): boolean => typeof keyColumn(column) !== 'string'
const tableKey = (schema: string | null, name: string | null): string => JSON.stringify([schema, name])

/** Rows that begin with database and table, without these. */
function byTable(rows: readonly Texts[]): ReadonlyMap<string, readonly Texts[]> {
  const found = new Map<string, Texts[]>()
  for (const [schema = null, name = null, ...rest] of rows) {
    const at = tableKey(schema, name)
    const list = found.get(at)
    if (list === undefined) found.set(at, [rest])
    else list.push(rest)
  }
  return found
}

/** Foreign keys, each with all of its columns. */
function referencesOf(rows: readonly Texts[]): DraftTable['references'] {
  return [...Map.groupBy(rows, ([, constraint]) => constraint).values()].map((parts) => ({
    columns: parts.flatMap(([column]) => column ?? []),
    table: parts[0]?.[2] ?? '',
  }))
}

/** MariaDB's JSON is a text with a check; MySQL has a type for it. */
async function readJsonChecks(read: (sql: string) => Promise<readonly Texts[]>, where: string): Promise<Texts[]> {
  const [[version] = []] = await read('select version()')
  if (!/mariadb/i.test(version ?? '')) return []
  const rows = await read(
    `select constraint_schema, table_name, check_clause from information_schema.check_constraints where ${where}`,
  )
  return rows.flatMap(([schema = null, name = null, clause]) => {
    const [, column] = /^json_valid\(`([^`]+)`\)$/i.exec(clause ?? '') ?? []
    return column === undefined ? [] : [[schema, name, column]]
  })
}

function foundColumn(
  [name, dataType, fullType, charset, collation, nullable, extra, comment, length]: Texts,
  counts: ReadonlyMap<string | null | undefined, string | null | undefined>,
  json: ReadonlySet<string | null>,
): Found {
  const isJson = json.has(name ?? null)
  const column = Column.parse({
    name,
    type: dataType?.toLowerCase(),
    fullType,
    charset,
    collation,
    nullable: nullable === 'YES',
    visible: !/\binvisible\b/i.test(extra ?? ''),
    json: isJson,
  })
  const distinct = counts.get(name) ?? null
  return {
    column,
    draft: {
      name: column.name,
      ...kindOf(column),
      itemCategory: null,
      maxLength: length === null || length === undefined ? null : Number(length),
      notNull: !column.nullable,
      comment: comment === '' ? null : (comment ?? null),
      width: null,
      distinct: distinct === null ? null : Number(distinct),
    },
  }
}

const numbers = /^(mediumint|int|bigint|decimal|float|double)$/

/** In words of Postgres. */
function kindOf({ type, fullType, json }: Column): { readonly category: string; readonly type: string } {
  if (json) return { category: 'U', type: 'json' }
  if (/^tinyint\(1\)/i.test(fullType)) return { category: 'B', type: 'bool' }
  if (type === 'tinyint' || type === 'smallint' || type === 'year') return { category: 'N', type: 'int2' }
  if (numbers.test(type)) return { category: 'N', type }
  if (type === 'enum' || type === 'set') return { category: 'E', type }
  if (type === 'char' || type === 'varchar') return { category: 'S', type: 'varchar' }
  if (type.endsWith('text')) return { category: 'S', type: 'text' }
  return { category: type === 'date' ? 'D' : 'U', type }
}
