import type { Engine } from '../../engine.ts'
import { readCatalog } from '../../engine-catalog.ts'

export const rightsAdvice =
  'Metrics should be read by a user who can do nothing else, though nothing is ever written: ' +
  "CREATE USER aquifer_reader IDENTIFIED BY '…'; GRANT SELECT ON DATABASE.* TO aquifer_reader;"

/** What its user may do that nobody who only reads needs. */
export async function readRights(run: Engine['run']): Promise<readonly string[]> {
  const grants = await readCatalog(run, { sql: 'show grants', values: [] })
  const privileges = grants.map((grant) => grant.replace(/^GRANT /, '').replace(/ (?:ON|TO) .*/s, ''))
  const has = (words: RegExp): boolean => privileges.some((each) => words.test(each))
  return [
    ...(has(/\b(?:ALL|SOURCES|FILE|URL|REMOTE|S3|HDFS|READ)\b/) ? ['may read files and other servers'] : []),
    ...(has(/\b(?:ALL|INSERT|ALTER|CREATE|DROP|TRUNCATE|OPTIMIZE)\b/) ? ['may write to tables'] : []),
  ]
}
