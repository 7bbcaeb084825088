import type { Db, Queryable } from '../../core/db.ts'
import { AquiferError } from '../../core/errors.ts'
import { migrations } from './migrations.ts'

/** Any number will do, as long as nothing else in the database locks on it. */
const migrationLock = 7_231_948_011

interface MigrateOptions {
  readonly schema: string
  readonly vectorType: 'vector' | 'halfvec'
}

/** Brings the schema up to date, one transaction a migration; many processes may start at once. */
export async function migrate(db: Db, options: MigrateOptions): Promise<void> {
  if ((await currentVersion(db, options.schema)) === migrations.at(-1)?.version) return
  for (const { version, sql } of migrations) {
    await db.transaction(async (tx) => {
      if (db.kind === 'postgres') await tx.query('select pg_advisory_xact_lock($1)', [migrationLock])
      const current = await currentVersion(tx, options.schema)
      if (current > (migrations.at(-1)?.version ?? 0)) {
        throw new AquiferError(
          'LEDGER_NEWER',
          `The ledger has schema version ${String(current)}, newer than this program.`,
        )
      }
      if (current >= version) return
      if (version === 1) await prepareSchema(tx, options)
      await tx.exec(sql)
      await tx.query(
        `insert into meta (key, value) values ('schema_version', $1) on conflict (key) do update set value = excluded.value`,
        [String(version)],
      )
    })
  }
}

async function currentVersion(db: Queryable, schema: string): Promise<number> {
  const found = await db.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [`${schema}.meta`])
  if (found[0]?.found !== true) return 0
  const rows = await db.query<{ value: string }>(`select value from meta where key = 'schema_version'`)
  return Number(rows[0]?.value ?? 0)
}

/** pgvector is required, pg_textsearch taken where it is to be had; its absence is LEXICAL_UNAVAILABLE only when needed. */
async function prepareSchema(tx: Queryable, options: MigrateOptions): Promise<void> {
  await tx.exec(`create schema if not exists ${options.schema}`)
  const available = await tx.query<{ name: string }>(
    `select name from pg_available_extensions where name in ('vector', 'pg_textsearch')`,
  )
  if (!available.some(({ name }) => name === 'vector')) {
    throw new AquiferError('LEDGER_EXTENSION', 'This Postgres does not offer the extension vector (pgvector).')
  }
  await tx.exec(`create extension if not exists vector with schema public`)
  await tx.exec(
    `create table ${options.schema}.embedding (model text, hash text, v ${options.vectorType} not null, primary key (model, hash))`,
  )
}
