import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import { markRepeats, rowSql } from './batch.ts'
import { hold, readHeld } from './read-held.ts'
import { inspect, placeOf } from './relation.ts'
import type { Relation } from './relation.ts'
import type { Reader } from './round.ts'
import { keyProblem, rowDigest } from './row-changes.ts'
import { readMoment } from './server.ts'
import { bytesSql, keySql } from './sql.ts'

/** Keys in byte order, each once, as one moment shows them; a key that several rows have gets a digest that no row has. */
export async function* readKeys(reader: Reader, range: KeyRange, want: 'keys' | 'digests'): AsyncGenerator<KeyDigest> {
  const { name, source, session, server, digest } = reader
  const place = placeOf(name, source)
  const { relation, held } = await session.transaction(place, async (run) => {
    const relation = await inspect(run, name, source, await readMoment(run, server))
    const { sql, values } = keysSql(relation, range, want, server.encoding)
    return { relation, held: await hold(run, sql, values) }
  })
  for await (const { items } of markRepeats(readHeld(session, place, held))) {
    for (const { row, repeated } of items) {
      const [key, hash] = row
      if (typeof key !== 'string' || keyProblem(key, false) !== undefined) continue
      if (want === 'keys') yield { key }
      else yield { key, digest: rowDigest(repeated ? null : hash, { relation, digest }) }
    }
  }
}

function keysSql(
  relation: Relation,
  { from, to }: KeyRange,
  want: 'keys' | 'digests',
  encoding: string,
): { sql: string; values: readonly string[] } {
  const key = keySql(relation.key)
  const bytes = bytesSql(key, encoding)
  const values: string[] = []
  const bounds = [`${key} is not null`]
  if (from !== undefined) bounds.push(`${bytes} >= ${bytesSql(`$${values.push(from)}::text`, encoding)}`)
  if (to !== undefined) bounds.push(`${bytes} < ${bytesSql(`$${values.push(to)}::text`, encoding)}`)
  const { hash, joins } = want === 'digests' ? rowSql(relation) : { hash: 'null', joins: '' }
  return {
    sql: `select ${key}, ${hash} from ${relation.from}${joins} where ${bounds.join(' and ')} order by ${bytes}`,
    values,
  }
}
