import { AquiferError } from '../../../src/core/errors.ts'
import type { TableName } from '../relation.ts'
import type { Session } from '../session.ts'
import { invalidSource } from '../../../src/core/source-error.ts'
import type { Place } from '../../../src/core/source-error.ts'
import { quoteName } from '../sql.ts'

/** A table that is to be followed. */
export interface Followed {
  readonly place: Place
  readonly table: TableName
  /** Columns by which the log has to tell a row: its key, unless `ties` it to what it belongs to. */
  readonly key: readonly string[]
  readonly ties?: true
  readonly parts: readonly string[]
}

const rightsSql = `select pg_has_role(c.relowner, 'usage'), exists (select from pg_publication_tables
    where pubname = $2 and schemaname = n.nspname and tablename = c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = $1::regclass`

/** SOURCE_AUTH where `ensurePublication` would be refused. */
export async function checkPublishable(session: Session, name: string, { place, table }: Followed): Promise<void> {
  const { rows } = await session.query(place, rightsSql, [tableSql(table), name])
  const [isOwner, isPublished] = rows[0] ?? []
  if (isOwner !== 't' && isPublished !== 't') throw unpublishable(name, place, table)
}

function unpublishable(name: string, place: Place, table: TableName, cause?: unknown): AquiferError {
  return new AquiferError('SOURCE_AUTH', `${place.subject}: this user may not publish ${place.what}`, {
    cause,
    fix: `Let the owner of the table run: CREATE PUBLICATION ${quoteName(name)} FOR TABLE ${tableSql(table)} WITH (publish_via_partition_root = true), or ALTER PUBLICATION ${quoteName(name)} ADD TABLE ${tableSql(table)}.`,
  })
}

function tableSql({ schema, name }: TableName): string {
  return `${quoteName(schema)}.${quoteName(name)}`
}

/** Makes the log tell of these tables. Nothing is ever taken out: other sources of the connection may be read elsewhere. */
export async function ensurePublication(session: Session, name: string, tables: readonly Followed[]): Promise<void> {
  const [first] = tables
  if (first === undefined) return
  const { place } = first
  const { rows } = await session.query(
    place,
    `select pubviaroot and pubinsert and pubupdate and pubdelete and pubtruncate from pg_publication where pubname = $1`,
    [name],
  )
  if (rows.length === 0) {
    await change(first, `create publication ${quoteName(name)} with (publish_via_partition_root = true)`)
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
    await change(one, `alter publication ${quoteName(name)} add table ${tableSql(one.table)}`)
  }

  async function change({ place: at, table }: Followed, sql: string): Promise<void> {
    try {
      await session.query(at, sql)
    } catch (error) {
      if (error instanceof AquiferError && error.code === 'SOURCE_AUTH') throw unpublishable(name, at, table, error)
      throw error
    }
  }
}

const identitySql = `select c.oid::regclass::text, c.relreplident, (select coalesce(json_agg(a.attname), '[]')::text from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::int2[])
    where i.indrelid = c.oid and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end)
  from pg_class c where c.oid = any($1::oid[])`

/** Deletes and changes of these columns are told by the replica identity of a table: it has to have all of them. */
export async function checkIdentity(session: Session, { place, key, parts, ties }: Followed): Promise<void> {
  const { rows } = await session.query(place, identitySql, [`{${parts.join(',')}}`])
  const what = ties === true ? `${key.join(', ')}, which ties its rows to the record` : `its key ${key.join(', ')}`
  for (const [table, identity, columns] of rows) {
    if (identity === 'f') continue
    const told: unknown = JSON.parse(columns ?? '[]')
    if (Array.isArray(told) && key.every((column) => told.includes(column))) continue
    throw invalidSource(place, `the replica identity of ${table ?? place.what} does not tell ${what}`, {
      fix: `Run ALTER TABLE ${table ?? place.what} REPLICA IDENTITY FULL, or USING INDEX one of these columns, or use mode poll.`,
    })
  }
}
