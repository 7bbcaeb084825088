import type { Change } from '../../../schemas/record.ts'
import type { ParseValue } from '../parse-value.ts'
import { everyTable, inspect, placeOf, shapeOf } from '../relation.ts'
import type { Relation, TableName } from '../relation.ts'
import { toChange } from '../row-changes.ts'
import type { Reader } from '../round.ts'
import { readMoment } from '../server.ts'
import { invalidSource } from '../../../src/core/source-error.ts'
import type { StreamCursor } from './cursor.ts'
import { lsnText } from './lsn.ts'
import type { Followed } from './publication.ts'
import { columnTypes, rereadRows, type KeyValues } from './reread.ts'
import { touchesOf, type Touch } from './touches.ts'
import { titleOf } from '../../../src/core/table-links.ts'
import { parsersOf } from '../tree/parsers.ts'

/** A source that is followed in the log, as it was when it was last looked at. */
export interface FollowedSource {
  readonly reader: Reader
  readonly relation: Relation & { readonly order: readonly string[]; readonly table: TableName }
  readonly parsers: readonly ParseValue[]
  /** SQL types of the key's columns. */
  readonly types: readonly string[]
  /** What the log tells of the other tables that its records are made of. */
  readonly touches: readonly Touch[]
  /** Object ids of all tables that hold rows of it. */
  readonly parts: readonly string[]
  readonly shape: string
  readonly history: string
  /** The source's clock when it was looked at. */
  readonly asOf: string
}

/** SOURCE_INVALID for what no log tells of: views, queries, and tables whose key nothing keeps unique. */
export async function lookAt(reader: Reader): Promise<FollowedSource> {
  const { name, source, session, server, types, digest } = reader
  const place = placeOf(name, source)
  return session.transaction(place, async (run) => {
    const moment = await readMoment(run, server)
    const relation = await inspect(run, name, source, moment)
    const { table, order } = relation
    if (table === undefined || order === undefined) {
      throw invalidSource(
        place,
        `mode stream reads tables, and ${place.what} is none, or has tables that inherit from it`,
        {
          fix: 'Use mode poll.',
        },
      )
    }
    for (const { table: other } of touchesOf(relation.wide?.branches ?? [])) {
      if (!other.inherited) continue
      throw invalidSource(place, `no log tells of ${titleOf(other)} as a whole: tables inherit from it`, {
        fix: 'Use mode poll.',
      })
    }
    const own = { ...relation, table, order }
    const tables = [relation.parts, ...everyTable(relation.wide).map((one) => one.parts.map(({ id }) => id))]
    return {
      reader,
      relation: own,
      parsers: await parsersOf(run, types, relation),
      types: await columnTypes(run, table, relation.key),
      touches: touchesOf(relation.wide?.branches ?? []),
      parts: [...new Set(tables.flat())],
      shape: digest(JSON.stringify(['stream', source, ...shapeOf(relation)])),
      history: moment.history,
      asOf: moment.asOf,
    }
  })
}

/** The tables that the log has to tell of, with the columns of each that it has to tell also of rows that are gone. */
export function tablesOf({ relation, touches }: FollowedSource): readonly Followed[] {
  const others = touches.map(({ table, columns }) => ({
    place: { ...relation.place, what: titleOf(table) },
    table,
    key: columns,
    ties: true as const,
    // The log tells of partitions as their root does.
    parts: [table.id, ...table.parts.map(({ id }) => id)],
  }))
  return [relation, ...others]
}

/** Whether the log alone tells what came after this cursor. */
export function goesOn(cursor: StreamCursor, { history, shape, parts }: FollowedSource): boolean {
  // No log tells of the rows that come or go with a partition.
  const isSame = parts.length === cursor.parts.length && parts.every((id) => cursor.parts.includes(id))
  return cursor.history === history && cursor.shape === shape && isSame
}

export const beginCursor = ({ history, shape, parts, asOf }: FollowedSource, lsn: bigint): StreamCursor => ({
  version: 'stream 1',
  history,
  shape,
  parts,
  lsn: lsnText(lsn),
  asOf,
  pass: { after: [] },
  touched: null,
})

/** Partial as long as the source is read from the start. */
export function checkpointOf(source: string, cursor: StreamCursor): Extract<Change, { kind: 'checkpoint' }> {
  const checkpoint = { kind: 'checkpoint', source, position: cursor.lsn, cursor, asOf: cursor.asOf } as const
  return cursor.pass === null ? checkpoint : { ...checkpoint, partial: true }
}

export const contextOf = ({ reader, relation, parsers }: FollowedSource, position: string) => ({
  source: reader.name,
  position,
  relation,
  parsers,
  digest: reader.digest,
})

/** What these keys are now; 'unseen' and 'altered' as `rereadRows` says. */
export async function readKeysAnew(
  source: FollowedSource,
  {
    keys,
    transactions,
    position,
  }: {
    readonly keys: readonly KeyValues[]
    readonly transactions: readonly number[]
    readonly position: string
  },
): Promise<readonly Change[] | 'unseen' | 'altered'> {
  const { reader, relation, types } = source
  const found = await reader.session.transaction(relation.place, (run) =>
    rereadRows(run, relation, { types, keys, transactions }),
  )
  if (found === 'unseen' || found === 'altered') return found
  const context = contextOf(source, position)
  return found.flatMap(({ key, row }): readonly Change[] => {
    const gone: Change = { kind: 'delete', source: reader.name, key, position }
    // A row whose key is equal to the database, as `a` and `A` of a citext, and still another text, is told by its own.
    return row === undefined || row[0] !== key ? [gone] : [toChange({ row, repeated: false }, context)]
  })
}
