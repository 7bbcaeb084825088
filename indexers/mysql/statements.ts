import type { TableId } from './ancestors.ts'

/** What a statement in the log means for a table whose rows are logged one by one. */
export type Meaning =
  | 'nothing'
  /** Its columns or indexes may be others. */
  | 'altered'
  /** Rows may have come or gone without being logged. */
  | 'lost'

/**
 * In doubt a table is taken for meant: reading it again is only work. A name without a database is one of `schema`, which
 * was the session's.
 */
export function meaningOf(statement: string, schema: string, table: TableId): Meaning {
  const sql = withoutComments(statement)
  const mentions = (): boolean => mentionsTable(sql, schema, table)
  const [verb = ''] = /^\w+/.exec(sql.toLowerCase()) ?? []
  if (rowVerbs.has(verb)) return 'lost'
  if (verb === 'truncate') return mentions() ? 'lost' : 'nothing'
  if (verb !== 'create' && verb !== 'drop' && verb !== 'alter' && verb !== 'rename') return 'nothing'
  const [object = ''] = objects.exec(sql.slice(verb.length))?.slice(1) ?? []
  return meaningOfDefinition(verb, object.toLowerCase(), sql, { schema: table.schema, mentions })
}

/** Logged as a statement, they tell nothing of the rows: a session has set binlog_format for itself. */
const rowVerbs = new Set(['insert', 'update', 'delete', 'replace', 'load', 'call', 'with'])

const objects =
  /\b(temporary|tables?|database|schema|index|view|trigger|procedure|function|event|user|role|server|sequence|package)\b/i

function meaningOfDefinition(
  verb: string,
  object: string,
  sql: string,
  { schema, mentions }: { readonly schema: string; readonly mentions: () => boolean },
): Meaning {
  if (object === 'database' || object === 'schema') {
    return verb === 'drop' && new RegExp(nameSql(schema), 'i').test(sql) ? 'lost' : 'nothing'
  }
  if (object === 'index') return mentions() ? 'altered' : 'nothing'
  if ((object !== 'table' && object !== 'tables') || !mentions()) return 'nothing'
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

function mentionsTable(sql: string, session: string, { schema, name }: TableId): boolean {
  const pattern = new RegExp(`(?:(\`(?:[^\`]|\`\`)+\`|[\\w$]+)\\s*\\.\\s*)?${nameSql(name)}`, 'gi')
  return [...sql.matchAll(pattern)].some(([, qualifier]) => {
    const database = qualifier?.replace(/^`(.*)`$/, '$1').replaceAll('``', '`') ?? session
    return database.toLowerCase() === schema.toLowerCase()
  })
}

/** How a statement may spell a name: in backticks, or bare between what belongs to no name. */
function nameSql(name: string): string {
  const bare = name.replaceAll(/[^\w]/g, String.raw`\$&`)
  return `(?:\`${bare.replaceAll('`', '``')}\`|"${bare}"|(?<![\\w$\`])${bare}(?![\\w$\`]))`
}
