import { deserialize, serialize } from 'node:v8'
import type { LedgerStatus } from '../../src/core/ledger.ts'
import type { Link } from '../../src/stores/postgres/embedded/link.ts'
import { connectToOwner } from '../../src/stores/postgres/embedded/owner-link.ts'
import { packageVersion } from '../../src/stores/postgres/embedded/package-version.ts'
import type { Stores } from './deployment.ts'
import { openLedgerSql } from './ledger-sql.ts'
import { readStoreOwner } from './store-owner.ts'

/** Looks from outside at how many changes a ledger has taken while another process writes to it. */
export interface ChangeCounter extends AsyncDisposable {
  /** Undefined when nobody answers (yet). */
  read(): Promise<Counted | undefined>
}

export interface Counted {
  /** Changes committed so far. */
  readonly committed: number
  /** Those of them that Elasticsearch lacks. */
  readonly unprojected: number
}

export async function openChangeCounter(stores: Stores): Promise<ChangeCounter> {
  return stores.kind === 'embedded' ? askOwner(stores.dir) : await askDatabase(stores)
}

/** As one more process on the same folder, but one that never becomes its owner. */
function askOwner(dir: string): ChangeCounter {
  const options = { schema: 'aquifer', lexical: 'ledger' } as const
  const { signal } = new AbortController()
  let link: Link | undefined
  return {
    read: async () => {
      try {
        const owner = await readStoreOwner(dir)
        if (owner === undefined) return undefined
        const version = await packageVersion()
        const settings = { version, options, silenceMs: 5000, ownerName: 'the sync', signal }
        link ??= await connectToOwner({ ...settings, address: owner.address })
        if (link === undefined) return undefined
        const status = deserialize(await link.run('status', options, serialize(undefined))) as LedgerStatus
        return { committed: status.sources.reduce((sum, { feed }) => sum + feed, 0), unprojected: 0 }
      } catch {
        link = undefined
        return undefined
      }
    },
    [Symbol.asyncDispose]: async () => link?.[Symbol.asyncDispose](),
  }
}

async function askDatabase(stores: Stores): Promise<ChangeCounter> {
  const sql = await openLedgerSql(stores)
  return {
    read: async () => {
      const rows = await sql
        .query<{ committed: number; unprojected: number }>(
          `select coalesce(sum(s.feed), 0)::int as committed, coalesce(sum(s.feed - coalesce(p.feed, 0)), 0)::int as unprojected
           from source s left join projection p on p.source_id = s.id`,
        )
        .catch(() => [])
      return rows[0]
    },
    [Symbol.asyncDispose]: () => sql[Symbol.asyncDispose](),
  }
}
