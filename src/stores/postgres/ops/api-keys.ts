import { AquiferError } from '../../../core/errors.ts'
import type { ApiKey, LedgerAdmin } from '../../../core/ledger.ts'
import type { LedgerContext } from '../context.ts'

type Row = Omit<ApiKey, 'revokedAt'> & { revokedAt: string | null }

const columns = `id, name, groups, admin, created_at as "createdAt", revoked_at as "revokedAt"`

/** Callers' keys; only their hashes are kept. */
export function apiKeys({ db }: LedgerContext): Pick<LedgerAdmin, 'addKey' | 'listKeys' | 'revokeKey' | 'findKey'> {
  return {
    addKey: async ({ name, groups, admin, hash }) => {
      // The hash is unique: the same key sent again after a lost answer is the same row.
      const [row] = await db.query<Row>(
        `insert into api_key (name, groups, admin, hash) values ($1, $2::text[], $3, $4)
         on conflict (hash) do update set name = excluded.name returning ${columns}`,
        [name, groups, admin, hash],
      )
      return toKey(row, name)
    },
    listKeys: async () =>
      (await db.query<Row>(`select ${columns} from api_key order by id`)).map((row) => toKey(row, row.name)),
    revokeKey: async ({ id }) => {
      const [row] = await db.query<Row>(
        `update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${columns}`,
        [id],
      )
      return toKey(row, String(id))
    },
    findKey: async ({ hash }) => {
      const [row] = await db.query<Row>(`select ${columns} from api_key where hash = $1 and revoked_at is null`, [hash])
      return row === undefined ? undefined : toKey(row, row.name)
    },
  }
}

function toKey(row: Row | undefined, name: string): ApiKey {
  if (row === undefined) throw new AquiferError('KEY_UNKNOWN', `There is no key ${name}.`)
  return { ...row, revokedAt: row.revokedAt ?? undefined }
}
