import type { Ask } from './ask.ts'

export const rightsAdvice =
  'Metrics should be read by a user who can do nothing else, though nothing is ever written: ' +
  "CREATE USER aquifer_reader IDENTIFIED BY '…'; GRANT SELECT ON DATABASE.* TO aquifer_reader;"

const writing = /\b(?:INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|EXECUTE|TRIGGER|EVENT|ALL PRIVILEGES)\b/
const everywhere = /^GRANT .* ON \*\.\* TO /

/** What its user may do that nobody who only reads needs. */
export async function readRights(ask: Ask): Promise<readonly string[]> {
  const grants = (await ask('show grants')).map(([grant]) => String(grant))
  const privileges = grants.map((grant) => grant.replace(/ (?:ON|TO) .*/s, ''))
  const isServers = (index: number): boolean => everywhere.test(grants[index] ?? '')
  const may = (words: RegExp): boolean => privileges.some((each, index) => isServers(index) && words.test(each))
  return [
    ...(may(/\b(?:FILE|ALL PRIVILEGES)\b/) ? ['may read and write files of the server'] : []),
    ...(may(/\b(?:SUPER|ALL PRIVILEGES)\b/) ? ['may change settings of the server'] : []),
    ...(privileges.some((each) => writing.test(each)) ? ['may write to tables'] : []),
  ]
}
