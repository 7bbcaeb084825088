import type { LedgerNumbers } from '../../../core/ledger-numbers.ts'
import type { LedgerContext } from '../context.ts'

/** The right to do, for a while, what only one process should; by the ledger's own clock. */
export function leases({ db }: LedgerContext): Pick<LedgerNumbers, 'takeLease' | 'dropLease'> {
  return {
    takeLease: async ({ name, run, leaseMs }) => {
      const rows = await db.query(
        `insert into lease (name, run, until) values ($1, $2, now() + $3 * interval '1 ms')
         on conflict (name) do update set run = excluded.run, until = excluded.until
         where lease.run = excluded.run or lease.until <= now()
         returning name`,
        [name, run, leaseMs],
      )
      return rows.length > 0
    },
    dropLease: async ({ name, run }) => {
      await db.query(`delete from lease where name = $1 and run = $2`, [name, run])
    },
  }
}
