import { Refused } from '../../engine-words.ts'

/** A table as a statement names it; without a schema, the schema is ''. */
export interface TableRef {
  readonly schema: string
  readonly table: string
}

/** The table functions that make rows of their arguments alone; the others read files, memory or settings, or change them. */
const tableFunctions = new Set(['generate_series', 'json_each', 'json_tree', 'range', 'repeat', 'repeat_row', 'unnest'])

/** Functions that write, wait, or tell of the process instead of the data. */
const refusedFunctions = new Set([
  'current_query',
  'current_setting',
  'currval',
  'getenv',
  'getvariable',
  'json_execute_serialized_sql',
  'nextval',
  'pg_sleep',
  'setseed',
  'sleep_ms',
  'write_log',
])

type Node = Readonly<Record<string, unknown>>

/**
 * The tables that a statement reads, from DuckDB's own parse of it (json_serialize_sql, which knows queries only). Refused
 * unless it is one query that reads nothing but tables.
 */
export function readStatement(serialized: unknown): readonly TableRef[] {
  const parsed: unknown = typeof serialized === 'string' ? JSON.parse(serialized) : undefined
  if (!isNode(parsed)) throw new Refused('cannot be read')
  if (parsed['error'] !== false) {
    throw new Refused(parsed['error_type'] === 'not implemented' ? 'is not a query' : 'is not valid SQL')
  }
  const statements = Array.isArray(parsed['statements']) ? parsed['statements'] : []
  if (statements.length !== 1) throw new Refused('is not one query')
  const tables = new Map<string, TableRef>()
  visit(statements[0], new Set(), tables)
  return [...tables.values()]
}

/** `ctes` are the names, in lower case, that common table expressions have given to queries around here. */
function visit(part: unknown, ctes: ReadonlySet<string>, tables: Map<string, TableRef>): void {
  if (Array.isArray(part)) {
    for (const item of part) visit(item, ctes, tables)
    return
  }
  if (!isNode(part)) return
  if (part['type'] === 'BASE_TABLE') addTable(part, ctes, tables)
  if (part['type'] === 'SHOW_REF') throw new Refused('is not a query')
  if (part['type'] === 'TABLE_FUNCTION') checkTableFunction(part['function'])
  if (part['class'] === 'FUNCTION' || part['class'] === 'WINDOW') checkFunction(part)
  const { cte_map: map, ...rest } = part
  const inside = visitCtes(map, ctes, tables)
  for (const value of Object.values(rest)) visit(value, inside, tables)
}

/** Each expression sees those before it, and itself only if it is recursive. */
function visitCtes(map: unknown, ctes: ReadonlySet<string>, tables: Map<string, TableRef>): ReadonlySet<string> {
  const entries = isNode(map) && Array.isArray(map['map']) ? map['map'] : []
  let seen = ctes
  for (const entry of entries) {
    if (!isNode(entry)) continue
    const withItself = new Set([...seen, text(entry['key']).toLowerCase()])
    visit(entry['value'], isRecursive(entry['value']) ? withItself : seen, tables)
    seen = withItself
  }
  return seen
}

function isRecursive(cte: unknown): boolean {
  const query = isNode(cte) ? cte['query'] : undefined
  const node = isNode(query) ? query['node'] : undefined
  return isNode(node) && node['type'] === 'RECURSIVE_CTE_NODE'
}

function addTable(node: Node, ctes: ReadonlySet<string>, tables: Map<string, TableRef>): void {
  const [catalog, schema, table] = [text(node['catalog_name']), text(node['schema_name']), text(node['table_name'])]
  if (catalog !== '') throw new Refused(`names a table of another database (${catalog}.${schema}.${table})`)
  if (schema === '' && ctes.has(table.toLowerCase())) return
  tables.set(JSON.stringify([schema, table]), { schema, table })
}

function checkTableFunction(call: unknown): void {
  const name = isNode(call) ? text(call['function_name']).toLowerCase() : ''
  if (!tableFunctions.has(name)) throw new Refused(`reads from ${name}(); files are named as tables`)
}

function checkFunction(node: Node): void {
  const name = text(node['function_name']).toLowerCase()
  if (refusedFunctions.has(name)) throw new Refused(`calls ${name}()`)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
