import { randomUUID } from 'node:crypto'
import type { EngineResult, SqlValue } from '../../engine.ts'

/** Runs one statement of ours; its rows. */
export type Ask = (sql: string, values: readonly SqlValue[]) => Promise<EngineResult['rows']>

/**
 * A digest of the data parts that the tables consist of: each insert, mutation and merge makes new ones. Where one of them
 * does not consist of parts (a view, a distributed table, one in memory), nothing can be told, and it equals no other.
 */
export async function readWatermark(tables: readonly string[], ask: Ask): Promise<string> {
  if (tables.length === 0) return randomUUID()
  const values: string[] = []
  const parameter = (value: string): string => `{p${String(values.push(value))}:String}`
  const pairs = tables.map((table) => {
    const [, database, name = table] = /^([^.]*)\.(.*)$/s.exec(table) ?? []
    return `(${database === undefined ? 'currentDatabase()' : parameter(database)}, ${parameter(name)})`
  })
  const list = pairs.join(', ')
  const [[found, digest] = []] = await ask(partsSql(list), values)
  if (found === true) return String(digest)
  const [[known] = []] = await ask(knownSql(list), values)
  return known === true ? String(digest) : randomUUID()
}

/** Whether these are all tables; two names may mean one. */
const all = (database: string, table: string, list: string): string =>
  `toBool(uniqExact(${database}, ${table}) = length(arrayDistinct([${list}])))`

const knownSql = (list: string): string => `select ${all('database', 'name', list)} from system.tables
  where (database, name) in (${list}) and engine like '%MergeTree'`

/** Whether each of the tables has parts, and the digest of all their parts. */
const partsSql = (list: string): string => `select ${all('database', 'table', list)}, concat(toString(count()), '-',
    toString(sum(rows)), '-', toString(max(modification_time)), '-',
    hex(groupBitXor(cityHash64(database, table, name, hash_of_all_files))))
  from system.parts where active and (database, table) in (${list})`
