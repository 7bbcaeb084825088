import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { openPglite } from '../../src/semantic/engines/postgres/open-pglite.ts'
import { silentLog } from '../../src/core/log.ts'
import type { EngineFixture } from './engine-contract.ts'
import { itemSetup, postgresSql } from './engine-postgres.ts'
import { openTempDir } from './temp-dir.ts'

/** Folders of an embedded Postgres with the table of items: made once, then copied. */
export interface PgliteFolders extends AsyncDisposable {
  copy(path: string): Promise<void>
}

export async function makePgliteFolders(): Promise<PgliteFolders> {
  const folder = await mkdtemp(join(tmpdir(), 'aquifer-test-'))
  const seed = join(folder, 'seed')
  const database = await PGlite.create(seed)
  await database.exec(itemSetup)
  await database.close()
  return {
    copy: (path) => cp(seed, path, { recursive: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Nobody else can have the folder open, so to write the engine is closed for a while. */
export async function openPgliteFixture(folders: PgliteFolders): Promise<EngineFixture> {
  const folder = await openTempDir()
  const path = join(folder.path, 'data')
  await folders.copy(path)
  const open = () => openPglite({ name: 'shop', options: { path }, dir: '', log: silentLog })
  let engine = await open()
  return {
    engine: {
      dialect: 'postgres',
      run: (statement, options) => engine.run(statement, options),
      columns: (table) => engine.columns(table),
      [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
    },
    sql: postgresSql,
    addItem: async (id, label) => {
      await engine[Symbol.asyncDispose]()
      const database = await PGlite.create(path)
      await database.query('insert into item values ($1, $2)', [id, label])
      await database.close()
      engine = await open()
    },
    // What one transaction left behind, the next one sees.
    state: async () => {
      const sql = `select json_agg(relname order by oid)::text, (select last_value from counter), (select is_called from counter)
        from pg_class where oid >= 16384 and relkind <> 't'`
      const limits = { rows: 1000, bytes: 100_000, timeoutMs: 60_000 }
      return (await engine.run({ sql, values: [] }, { limits, tables: [] })).rows
    },
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
