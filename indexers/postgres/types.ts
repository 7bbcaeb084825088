import type { Column } from './columns.ts'
import { parserOf } from './parse-value.ts'
import type { ParseValue, PostgresType } from './parse-value.ts'
import type { Run } from './session.ts'
import { arrayValue } from './sql.ts'

/** Types of one database, looked up once. */
export interface Types {
  /** How to read the values of these columns. */
  parsers(run: Run, columns: readonly Column[]): Promise<readonly ParseValue[]>
}

const typesSql = `with recursive known as (
    select * from pg_type where oid = any($1::oid[])
    union
    select t.* from known k join pg_type t on t.oid in (k.typbasetype, k.typelem) where k.typtype = 'd' or ${isArray('k')}
  )
  select oid::text, case when typtype = 'd' then typbasetype::text end,
    case when ${isArray('known')} then typelem::text end, typdelim::text from known`

/** Not the vectors of the catalog, which have items but print them differently. */
function isArray(type: string): string {
  return `${type}.typoutput = 'array_out'::regproc`
}

export function openTypes(): Types {
  const known = new Map<string, PostgresType>()
  return {
    async parsers(run, columns) {
      const missing = new Set(columns.map(({ typeId }) => typeId).filter((id) => !known.has(id)))
      if (missing.size > 0) {
        for (const [id, base, item, delimiter] of (await run(typesSql, [arrayValue([...missing])])).rows) {
          if (typeof id !== 'string') continue
          known.set(id, { id, base: base ?? undefined, item: item ?? undefined, delimiter: delimiter ?? ',' })
        }
      }
      return columns.map(({ typeId }) => parserOf(typeId, known))
    },
  }
}
