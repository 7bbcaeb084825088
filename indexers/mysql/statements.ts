import type { TableId } from './ancestors.ts'

/** What a statement in the log means for a table whose rows are logged one by one. */
export type Meaning =
  | 'nothing'
  /** Its columns or indexes may be others. */
  | 'altered'
  /** Rows may have come or gone without being logged. */
  | 'lost'

/** In doubt a table is taken for meant: reading it again is only work. */
export function meaningOf(statement: string, table: TableId): Meaning {
  const sql = withoutComments(statement)
  const [verb = ''] = /^\w+/.exec(sql.toLowerCase()) ?? []
  if (rowVerbs.has(verb)) return 'lost'
  if (verb === 'truncate') return mentions(sql, table.name) ? 'lost' : 'nothing'
  if (verb !== 'create' && verb !== 'drop' && verb !== 'alter' && verb !== 'rename') return 'nothing'
  const [object = ''] = objects.exec(sql.slice(verb.length))?.slice(1) ?? []
  return meaningOfDefinition(verb, object.toLowerCase(), sql, table)
}

/** Logged as a statement, they tell nothing of the rows: a session has set binlog_format for itself. */
const rowVerbs = new Set(['insert', 'update', 'delete', 'replace', 'load', 'call', 'with'])

const objects =
  /\b(temporary|tables?|database|schema|index|view|trigger|procedure|function|event|user|role|server|sequence|package)\b/i

function meaningOfDefinition(verb: string, object: string, sql: string, table: TableId): Meaning {
  if (object === 'database' || object === 'schema') {
    return verb === 'drop' && mentions(sql, table.schema) ? 'lost' : 'nothing'
  }
  if (object === 'index') return mentions(sql, table.name) ? 'altered' : 'nothing'
  if ((object !== 'table' && object !== 'tables') || !mentions(sql, table.name)) return 'nothing'
  if (verb === 'create') return /^create\s+or\s+replace\b/i.test(sql) ? 'lost' : 'nothing'
  return verb === 'alter' && !/\b(?:partition|partitioning|tablespace|rename)\b/i.test(sql) ? 'altered' : 'lost'
}

/** Comments that are code for some servers are code here. */
function withoutComments(statement: string): string {
  return statement
    .replaceAll(/\/\*M?!\d*/g, ' ')
    .replaceAll(/\/\*.*?\*\//gs, ' ')
    .replaceAll('*/', ' ')
    .replaceAll(/^\s*(?:--[^\n]*|#[^\n]*)$/gm, ' ')
    .trim()
    .replace(/^set\s+statement\s.*?\sfor\s+/is, '')
}

function mentions(sql: string, name: string): boolean {
  if (!/^\w+$/.test(name)) return true
  return new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'i').test(sql)
}
