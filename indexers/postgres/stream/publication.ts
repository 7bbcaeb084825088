import { AquiferError } from '../../../src/core/errors.ts'
import type { TableName } from '../relation.ts'
import type { Session } from '../session.ts'
import { invalidSource } from '../source-error.ts'
import type { Place } from '../source-error.ts'
import { quoteName } from '../sql.ts'

/** A table that is to be followed. */
export interface Followed {
  readonly place: Place
  readonly table: TableName
  readonly key: readonly string[]
  readonly parts: readonly string[]
}

/** Makes the log tell of these tables. Nothing is ever taken out: other sources of the connection may be read elsewhere. */
export async function ensurePublication(session: Session, name: string, tables: readonly Followed[]): Promise<void> {
  const [{ place } = { place: { subject: 'A source', what: 'its table' } }] = tables
  const { rows } = await session.query(
    place,
    `select pubviaroot and pubinsert and pubupdate and pubdelete and pubtruncate from pg_publication where pubname = $1`,
    [name],
  )
  if (rows.length === 0) {
    await change(session, place, `create publication ${quoteName(name)} with (publish_via_partition_root = true)`)
  } else if (rows[0]?.[0] !== 't') {
    throw invalidSource(place, `publication ${name} does not tell of all changes by their root table`, {
      fix: `Run ALTER PUBLICATION ${name} SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true).`,
    })
  }
  const published = await session.query(
    place,
    'select schemaname, tablename from pg_publication_tables where pubname = $1',
    [name],
  )
  const known = new Set(published.rows.map(([schema, table]) => JSON.stringify([schema, table])))
  for (const one of tables) {
    const listed = JSON.stringify([one.table.schema, one.table.name])
    if (known.has(listed)) continue
    known.add(listed)
    const table = `${quoteName(one.table.schema)}.${quoteName(one.table.name)}`
    await change(session, one.place, `alter publication ${quoteName(name)} add table ${table}`)
  }
}

async function change(session: Session, place: Place, sql: string): Promise<void> {
  try {
    await session.query(place, sql)
  } catch (error) {
    if (!(error instanceof AquiferError) || error.code !== 'SOURCE_AUTH') throw error
    throw new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not publish ${place.what}`, {
      cause: error,
      fix: `Let the owner of the table run: ${sql.replace('create publication', 'CREATE PUBLICATION')};`,
    })
  }
}

const identitySql = `select c.relname, c.relreplident, (select coalesce(json_agg(a.attname), '[]')::text from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
    where i.indrelid = c.oid and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end)
  from pg_class c where c.oid = any($1::oid[])`

/** Deletes and changes of keys are told by the replica identity of a table: it has to have the whole key. */
export async function checkIdentity(session: Session, { place, key, parts }: Followed): Promise<void> {
  const { rows } = await session.query(place, identitySql, [`{${parts.join(',')}}`])
  for (const [table, identity, columns] of rows) {
    if (identity === 'f') continue
    const told: unknown = JSON.parse(columns ?? '[]')
    if (Array.isArray(told) && key.every((column) => told.includes(column))) continue
    throw invalidSource(
      place,
      `the replica identity of ${table ?? place.what} does not tell its key ${key.join(', ')}`,
      {
        fix: `Run ALTER TABLE … REPLICA IDENTITY USING INDEX (of the key), or FULL, or use mode poll.`,
      },
    )
  }
}
