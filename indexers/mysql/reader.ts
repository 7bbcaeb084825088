import type { Change } from '../../schemas/record.ts'
import type { OpenOptions } from '../../src/core/indexer.ts'
import type { MysqlSource } from './config.ts'
import type { Address } from './connect.ts'
import type { Followed } from './follow.ts'
import { expired } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'
import { inspect } from './table.ts'
import type { Context, Table } from './table.ts'
import type { Branch } from './tree/branch.ts'

/** What reading the sources of one connection needs. */
export interface Reader extends Context, Omit<OpenOptions<MysqlSource>, 'everyMs'> {
  readonly address: Address
  /** Of all its sources. */
  readonly place: Place
}

/** Digest of what is read. */
export function shapeOf({ digest, sources }: Reader, name: string, table: Table): string {
  const { schema, columns, order, ancestors, branches } = table
  return digest(
    JSON.stringify([
      'shape',
      sources[name],
      schema,
      table.name,
      columns,
      names(table.key),
      names(order),
      ancestors,
      ...shapesOf(branches),
    ]),
  )
}

/** Nothing where there is none, so that cursors of a plain table stay good. */
function shapesOf(branches: readonly Branch[]): readonly unknown[] {
  return branches.map(({ name, as, columns, hops, order, key, branches: inner }) => [
    name,
    as,
    columns,
    hops.map(({ table, on }) => [table.id, on, table.described]),
    order,
    key,
    shapesOf(inner),
  ])
}

function names(columns: readonly { readonly name: string }[]): readonly string[] {
  return columns.map(({ name }) => name)
}

/** Throws CURSOR_EXPIRED where a table is no longer as it was when its reading began. */
export async function inspectAgain(reader: Reader, { name, cursor, table }: Followed): Promise<void> {
  const settings = reader.sources[name]
  if (settings === undefined) return
  const now = await inspect(reader, name, settings)
  if (shapeOf(reader, name, now) !== cursor.shape)
    throw expired(table.place, `the columns of ${table.place.what} changed`)
}

export function checkpointOf({ name, cursor, asOf }: Followed): Extract<Change, { kind: 'checkpoint' }> {
  const checkpoint = { kind: 'checkpoint', source: name, position: cursor.log.gtid, cursor, asOf } as const
  return cursor.pass === null ? checkpoint : { ...checkpoint, partial: true }
}
