import type { Queryable } from '../../../core/db.ts'
import type { EditionSwitch, EditionView, LedgerEditions } from '../../../core/ledger-editions.ts'
import type { LedgerContext } from '../context.ts'
import { isoSql } from '../iso-sql.ts'
import { fenced } from './claims.ts'
import { forgetRows, markDropped, tombstoneAll } from './remove-source.ts'

interface LockedRow {
  readonly id: number
  readonly name: string
  readonly edition: string
  readonly epoch: number
  readonly isRead: boolean
}

/** Editions are rows of `source`: the one that answers has the state `active`, and is what every other operation means by a name. */
export function editions(context: LedgerContext): LedgerEditions {
  const { db, cache } = context
  return {
    editions: async () => {
      const rows = await db.query<EditionView & { mapping: string | null; switchedAt: string | null }>(
        `select id as "sourceId", name as source, edition as state, mapping, made_with as "madeWith", records, chunks,
           ${isoSql('begun_at')} as "begunAt", ${isoSql('switched_at')} as "switchedAt"
         from source where edition in ('building', 'kept') order by name, edition`,
      )
      return rows.map((row) => ({
        ...row,
        mapping: row.mapping ?? undefined,
        madeWith: row.madeWith ?? undefined,
        switchedAt: row.switchedAt ?? undefined,
      }))
    },
    beginEdition: ({ source, type, language, mapping, madeWith }) =>
      db.transaction(async (tx) => {
        const [held] = await tx.query<{ id: number; mapping: string | null }>(
          `select id, mapping from source where name = $1 and edition = 'building' for update`,
          [source],
        )
        // One whose first read has not begun has no mapping yet.
        if (held !== undefined && (held.mapping ?? mapping) === mapping) return { sourceId: held.id }
        if (held !== undefined) await markDropped(tx, [held.id])
        const [row] = await tx.query<{ id: number }>(
          `insert into source (name, type, language, edition, made_with) values ($1, $2, $3, 'building', $4) returning id`,
          [source, type, language, JSON.stringify(madeWith)],
        )
        return { sourceId: row?.id ?? 0 }
      }),
    switchEditions: async ({ switches }) => {
      const unread = await db.transaction((tx) => activate(tx, switches))
      cache.editions = undefined
      cache.lexical = undefined
      return { unread }
    },
    dropEditions: async ({ sourceIds = [] }) => {
      if (sourceIds.length > 0) await db.transaction((tx) => markDropped(tx, sourceIds))
      const rows = await db.query<{ id: number }>(`select id from source where edition = 'dropped' order by id`)
      for (const { id } of rows) await tombstoneAll(db, id)
      return { dropped: rows.length }
    },
    forgetEditions: () =>
      db.transaction(async (tx) => {
        const rows = await tx.query<{ id: number }>(
          `select id from source where edition = 'dropped' and records = 0 order by id for update`,
        )
        await forgetRows(
          tx,
          rows.map(({ id }) => id),
        )
      }),
  }
}

/** Names of those that are not to be switched to yet. Rows are locked in the order of their ids, as everywhere. */
async function activate(tx: Queryable, switches: readonly EditionSwitch[]): Promise<readonly string[]> {
  const held = switches.flatMap(({ from, to }) => [from, to])
  const rows = await tx.query<LockedRow>(
    `select id, name, edition, epoch, cursor is not null and not deletes_due as "isRead"
     from source where name in (select name from source where id = any($1::int[])) and edition <> 'dropped' order by id for update`,
    [held.map(({ sourceId }) => sourceId)],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  // This came again after a lost answer.
  if (switches.every(({ to }) => byId.get(to.sourceId)?.edition === 'active' && isNext(byId, to))) return []
  for (const { sourceId, epoch } of held) if (byId.get(sourceId)?.epoch !== epoch) throw fenced()
  for (const { from } of switches) if (byId.get(from.sourceId)?.edition !== 'active') throw fenced()
  const unread = switches.flatMap(({ to }) => {
    const row = byId.get(to.sourceId)
    return row === undefined || row.isRead ? [] : [row.name]
  })
  if (unread.length > 0) return unread
  const froms = switches.map(({ from }) => from.sourceId)
  const tos = switches.map(({ to }) => to.sourceId)
  const names = new Set(froms.map((id) => byId.get(id)?.name))
  const older = rows.filter(({ id, name, edition }) => edition === 'kept' && names.has(name) && !tos.includes(id))
  await markDropped(
    tx,
    older.map(({ id }) => id),
  )
  await tx.query(`update source set edition = '' where id = any($1::int[])`, [froms])
  await tx.query(`update source set edition = 'active' where id = any($1::int[])`, [tos])
  await tx.query(`update source set edition = 'kept' where id = any($1::int[])`, [froms])
  // Whoever still maps in the old way has to claim anew, and sees that it may not.
  await tx.query(
    `update source set epoch = epoch + 1, holder = null, lease_until = null, switched_at = now() where id = any($1::int[])`,
    [[...froms, ...tos]],
  )
  return []
}

const isNext = (byId: ReadonlyMap<number, LockedRow>, { sourceId, epoch }: EditionSwitch['to']): boolean =>
  byId.get(sourceId)?.epoch === epoch + 1
