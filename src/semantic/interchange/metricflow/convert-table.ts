import type { Item } from '../item.ts'
import { maps, refuse, scalar, sql, text } from '../read-item.ts'
import type { Context } from './context.ts'

/** The table that a semantic model names: by `node_relation`, or by dbt's `ref` or `source`. */
export function convertTable(item: Item, context: Context): string {
  const relation = item.get('node_relation')
  if (relation !== undefined) return convertRelation(relation, context)
  const model = item.get('model') ?? refuse(item, 'says no table: model or node_relation is missing')
  return parseReference(model, context)
}

/** `{ schema_name, alias }`; the database is the connection's. */
export function convertRelation(item: Item, { draft, connection }: Context): string {
  item.ignore('relation_name')
  const database = item.get('database')
  if (database !== undefined) {
    const name = scalar(database, 'database')
    draft.noteOnce(database.place, `database ${name}: left out; the tables are those of the connection ${connection}`)
  }
  const schema = sql(item, 'schema_name')
  return [...(schema === undefined ? [] : [schema]), sql(item, 'alias') ?? refuse(item, 'alias is missing')].join('.')
}

/** The table of a dbt model, in the schema that was given. */
export function tableOf(model: string, { dbtModels, schema, draft }: Context): string {
  const item = dbtModels.get(model)
  const table = item === undefined ? model : tableName(item, model)
  draft.usesSchema ||= schema !== undefined
  const full = schema === undefined ? table : `${schema}.${table}`
  const own = item?.get('config')?.get('schema') ?? item?.get('versions')
  if (own !== undefined) draft.note(own.place, `model ${model}: read as the table ${full}, whatever dbt builds it as`)
  return full
}

/** As dbt builds it: by its alias, or the latest of its versions. */
function tableName(item: Item, model: string): string {
  const alias = item.get('config')?.get('alias')
  if (typeof alias?.value === 'string') return alias.value
  const versions = maps(item, 'versions').flatMap((one) => text(one, 'v') ?? [])
  const latest = text(item, 'latest_version') ?? versions.toSorted(inOrder.compare).at(-1)
  return latest === undefined ? model : `${model}_v${latest}`
}

const inOrder = new Intl.Collator('en', { numeric: true })

const call = /^(?:\{\{\s*)?(ref|source)\s*\(\s*(.*?)\s*\)(?:\s*\}\})?$/s

function parseReference(item: Item, context: Context): string {
  const said = scalar(item, 'model')
  const [, kind, inner = ''] = call.exec(said) ?? []
  const names = [...inner.matchAll(/['"]([^'"]+)['"]/g)].map(([, name = '']) => name)
  const version = /\b(?:v|version)\s*=\s*['"]?([\w.]+)/.exec(inner)?.[1]
  const name = names.at(version !== undefined && /=\s*['"]/.test(inner) ? -2 : -1)
  if (kind === undefined || name === undefined) refuse(item, "model has to be such as ref('orders')")
  const table = tableOf(version === undefined ? name : `${name}_v${version}`, context)
  if (kind === 'source' || version !== undefined) context.draft.note(item.place, `${said}: read as the table ${table}`)
  return table
}
