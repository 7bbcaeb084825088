import type { DraftChoice } from './draft-columns.ts'
import { chooseColumns } from './draft-columns.ts'
import type { DraftTable } from './draft-table.ts'
import type { SourceDraft } from './indexer.ts'

/** What one type of database can be told about a table. */
interface Dialect {
  tableName(table: DraftTable): string
  readonly hasCursor: boolean
  readonly hasQuery: boolean
}

/** A source for every table that has a name or a text of its own; tables that only link others have none. */
export function draftTables(tables: readonly DraftTable[], dialect: Dialect): readonly SourceDraft[] {
  return tables.flatMap((table) => {
    const choice = chooseColumns(table)
    if (table.key.length === 0 || (choice.title === undefined && choice.text.length === 0)) return []
    return [{ name: nameOf(table, tables), comment: commentOf(table, choice), yaml: yamlOf(table, choice, dialect) }]
  })
}

function nameOf({ schema, name }: DraftTable, tables: readonly DraftTable[]): string {
  const isAlone = tables.filter((other) => other.name.toLowerCase() === name.toLowerCase()).length === 1
  return (isAlone ? name : `${schema}_${name}`).toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-')
}

function commentOf({ rows }: DraftTable, { personal }: DraftChoice): string {
  const size = rows < 0 ? 'not analyzed yet' : `about ${rows.toLocaleString('en')} rows`
  return personal.length === 0 ? size : `${size}; left out as likely personal data: ${personal.join(', ')}`
}

function yamlOf(table: DraftTable, { title, text, fields, cursor, personal }: DraftChoice, dialect: Dialect): string {
  const key = table.key.map((name) => `{${name}}`).join('/')
  const lines = [
    `table: ${quote(dialect.tableName(table))}`,
    table.comment === null
      ? '# description: what an agent finds here'
      : `description: ${quote(table.comment.replaceAll(/\s+/g, ' '))}`,
    ...(personal.length === 0 ? [] : ['# it seems to hold people: check whom title and text name']),
    `title: ${quote(title ?? `${table.name} ${key}`)}`,
    ...textLines(text.length === 0 ? [title ?? ''] : text.map((name) => `{${name}}`)),
    ...(fields.length === 0 ? [] : [`fields: [${fields.map(quote).join(', ')}]`]),
    ...(cursor === undefined || !dialect.hasCursor ? [] : cursorLines(cursor)),
    ...(dialect.hasQuery ? table.references.map(joinLine) : []),
    `# url: ${quote(`https://shop.example/${table.name}/${key}`)}`,
    '# acl: { public: true }   # or { groups: [support] }; without it only administrators find this',
  ]
  return `${lines.join('\n')}\n`
}

function joinLine({ columns, table }: DraftTable['references'][number]): string {
  return `# ${columns.join(', ')} refers to ${table}; a query can join it in`
}

function textLines(parts: readonly string[]): readonly string[] {
  const [only = '', ...more] = parts
  return more.length === 0 ? [`text: ${quote(only)}`] : ['text: |-', ...parts.map((part) => `  ${part}`)]
}

function cursorLines({ name, indexed }: NonNullable<DraftChoice['cursor']>): readonly string[] {
  const line = `cursor: ${quote(name)}`
  return indexed
    ? [`${line}   # every change has to set it; leave it out if some don't`]
    : [`# ${line}   # with an index on it, changes are found without reading the whole table`]
}

/** A YAML scalar: plain where it is safely a word, else in single quotes. */
function quote(text: string): string {
  const isPlain = /^[a-z_][a-z0-9_.]*$/i.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`
}
