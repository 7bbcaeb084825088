import type { Change } from '../../schemas/record.ts'
import type { Key } from '../../src/core/indexer.ts'
import { selectSql } from './batch.ts'
import { inspect, placeOf } from './relation.ts'
import type { Reader } from './round.ts'
import { isRealKey, toChange } from './row-changes.ts'
import { readMoment } from './server.ts'
import { keySql } from './sql.ts'

const pageKeys = 500

/** The rows of these keys in one moment a page. A key that no row has is a delete. */
export async function* readItems(reader: Reader, keys: readonly Key[]): AsyncGenerator<Change> {
  const { name, source, session, server, types, digest } = reader
  const place = placeOf(name, source)
  const real = keys.filter(isRealKey)
  for (let at = 0; at < real.length; at += pageKeys) {
    const page = real.slice(at, at + pageKeys)
    const { rows, context } = await session.transaction(place, async (run) => {
      const moment = await readMoment(run, server)
      const relation = await inspect(run, name, source, moment)
      const parsers = await types.parsers(run, relation.columns)
      const where = `${keySql(relation.key)} in (select jsonb_array_elements_text($1::jsonb))`
      const { rows } = await run(`${selectSql(relation)} where ${where}`, [JSON.stringify(page)])
      return { rows, context: { source: name, position: `snapshot ${moment.xmax}`, relation, parsers, digest } }
    })
    const byKey = Map.groupBy(rows, ([key]) => key)
    for (const key of page) {
      const [row, ...more] = byKey.get(key) ?? []
      if (row === undefined) yield { kind: 'delete', source: name, key, position: context.position }
      else yield toChange({ row, repeated: more.length > 0 }, context)
    }
  }
}
