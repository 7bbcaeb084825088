import type { Queryable } from '../../../core/db.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { Claim, Holder, LedgerSync } from '../../../core/ledger-sync.ts'
import type { Json } from '../../../../schemas/record.ts'
import { activeGeneration, type LedgerContext } from '../context.ts'

interface SourceRow {
  id: number
  epoch: number
  cursor: Json | null
  mapping: string | null
  deletesDue: boolean
  comparedAgoMs: number | null
  holder: Holder | null
  held: boolean
}

/** Claims, their renewal and release: one writer a source, and a claim that was taken over writes nothing more. */
export function claims({
  db,
}: LedgerContext): Pick<LedgerSync, 'claim' | 'renew' | 'release' | 'startFullRead' | 'noteMadeWith' | 'noteCompared'> {
  return {
    claim: ({ source, edition = 'active', type, language, holder, leaseMs, dead }) =>
      db.transaction(async (tx): Promise<Claim> => {
        // Another edition than the one that answers is begun by `beginEdition`.
        if (edition === 'active') {
          await tx.query(
            `insert into source (name, type, language) values ($1, $2, $3)
             on conflict (name, edition) where edition <> 'dropped' do nothing`,
            [source, type, language],
          )
        }
        const [row] = await tx.query<SourceRow>(
          `select id, epoch, cursor, mapping, holder, deletes_due as "deletesDue",
             (extract(epoch from now() - compared_at) * 1000)::bigint as "comparedAgoMs", coalesce(lease_until > now(), false) as held
           from source where name = $1 and edition = $2 for update`,
          [source, edition],
        )
        if (row === undefined)
          throw new AquiferError(
            edition === 'active' ? 'LEDGER_FAILED' : 'EDITION_GONE',
            `The source ${source} vanished while it was claimed.`,
          )
        if (row.held && row.holder !== null && row.holder.run !== dead && isAnother(row.holder, holder)) {
          throw new AquiferError(
            'SOURCE_BUSY',
            `The source ${source} is being synced by process ${String(row.holder.pid)} on ${row.holder.host}.`,
          )
        }
        const [claimed] = await tx.query<{ epoch: number }>(
          `update source set epoch = epoch + 1, holder = $2, lease_until = now() + $3 * interval '1 ms', type = $4
           where id = $1 returning epoch`,
          [row.id, JSON.stringify(holder), leaseMs, type],
        )
        return {
          sourceId: row.id,
          epoch: claimed?.epoch ?? 0,
          cursor: row.cursor ?? undefined,
          mapping: row.mapping ?? undefined,
          deletesDue: row.deletesDue,
          comparedAgoMs: row.comparedAgoMs ?? undefined,
          generation: (await activeGeneration(tx))?.id,
        }
      }),
    renew: ({ sourceId, epoch, leaseMs }) =>
      underClaim(db, { sourceId, epoch }, `lease_until = now() + $3 * interval '1 ms'`, [leaseMs]),
    release: async ({ sourceId, epoch, error }) => {
      const failure =
        error === undefined || error === 'as before' ? null : JSON.stringify({ ...error, at: new Date().toISOString() })
      await db.query(
        `update source set holder = null, lease_until = null, last_error = case when $4 then last_error else $3 end
         where id = $1 and epoch = $2`,
        [sourceId, epoch, failure, error === 'as before'],
      )
    },
    startFullRead: ({ sourceId, epoch, mapping }) =>
      db.transaction(async (tx) => {
        await underClaim(tx, { sourceId, epoch }, 'cursor = null, mapping = $3, deletes_due = true', [mapping])
        // What is read now is newer than all that was.
        await tx.query(`delete from ahead where source_id = $1`, [sourceId])
      }),
    noteMadeWith: async ({ sourceId, madeWith }) => {
      await db.query(`update source set made_with = $2 where id = $1 and made_with is distinct from $2::jsonb`, [
        sourceId,
        JSON.stringify(madeWith),
      ])
    },
    noteCompared: ({ sourceId, epoch }) =>
      underClaim(db, { sourceId, epoch }, 'compared_at = now(), deletes_due = false'),
  }
}

async function underClaim(
  queryable: Queryable,
  { sourceId, epoch }: { readonly sourceId: number; readonly epoch: number },
  set: string,
  params: readonly unknown[] = [],
): Promise<void> {
  const rows = await queryable.query(`update source set ${set} where id = $1 and epoch = $2 returning id`, [
    sourceId,
    epoch,
    ...params,
  ])
  if (rows.length === 0) throw fenced()
}

/** The same process may claim again. */
function isAnother(a: Holder, b: Holder): boolean {
  return a.host !== b.host || a.pid !== b.pid || a.run !== b.run
}

export function fenced(): AquiferError {
  return new AquiferError('SOURCE_FENCED', 'Another process has taken over this source since this one claimed it.')
}

export function holder({ db }: LedgerContext): LedgerSync['holder'] {
  return async ({ source, edition = 'active' }) => {
    const [row] = await db.query<{ holder: Holder | null }>(
      `select holder from source where name = $1 and edition = $2`,
      [source, edition],
    )
    return row?.holder ?? undefined
  }
}
