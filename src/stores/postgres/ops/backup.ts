import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Queryable } from '../../../core/db.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { Generation } from '../../../core/ledger-generations.ts'
import type { LedgerAdmin } from '../../../core/ledger.ts'
import { activeGeneration, tablesOf, type LedgerContext } from '../context.ts'
import { migrations } from '../migrations.ts'
import { backupFormat, openBackup, writeBackup } from '../backup-file.ts'
import { writeFrame, type Frame } from '../backup-frames.ts'
import { createTables, dropTables } from './generation-tables.ts'
import { ensureLexical } from './lexical-index.ts'
import { buildVectorIndex } from './vector-index.ts'

const fixedTables = [
  'meta',
  'source',
  'record',
  'projection',
  'dead_letter',
  'ahead',
  'usage',
  'api_key',
  'embedding',
  'metric_check',
  'kept_answer',
  'kept_part',
] as const

interface Header {
  readonly format: string
  readonly schemaVersion: number
  readonly generation: Generation | undefined
  readonly languages: readonly string[]
}

/** The whole ledger as gzipped frames of text COPY, the same from either driver; a digest at the end proves it whole. */
export function backup(context: LedgerContext): Pick<LedgerAdmin, 'backup' | 'restore'> {
  return {
    backup: async ({ path }) => {
      const records = await context.db.transaction(
        async (tx) => {
          await tx.exec('set local statement_timeout = 0')
          await writeBackup(path, frames(tx))
          return countRecords(tx)
        },
        { snapshot: true },
      )
      return { records, bytes: (await stat(path)).size }
    },
    restore: async ({ path }) => {
      await verifyWhole(path)
      const records = await context.db.transaction((tx) => load(tx, context, path))
      const generation = await activeGeneration(context.db)
      if (generation !== undefined) {
        const rows = await context.db.query<{ language: string }>(`select distinct language from source`)
        await ensureLexical(
          context,
          generation.id,
          rows.map(({ language }) => language),
        )
        await buildVectorIndex(context, generation.id)
      }
      return { records }
    },
  }
}

async function* frames(tx: Queryable): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  const generation = await activeGeneration(tx)
  const languages = await tx.query<{ language: string }>(`select distinct language from source`)
  const header: Header = {
    format: backupFormat,
    schemaVersion: migrations.at(-1)?.version ?? 0,
    generation,
    languages: languages.map(({ language }) => language),
  }
  const emit = (kind: Frame['kind'], body: Uint8Array): Uint8Array => {
    const frame = writeFrame(kind, body)
    hash.update(frame)
    return frame
  }
  yield emit('header', Buffer.from(JSON.stringify(header)))
  const own =
    generation === undefined
      ? []
      : [tablesOf(generation.id).chunk, tablesOf(generation.id).vector, tablesOf(generation.id).fresh]
  for (const table of [...fixedTables, ...own]) {
    const columns = await columnsOf(tx, table)
    yield emit('table', Buffer.from(JSON.stringify({ table, columns })))
    for await (const chunk of tx.copyOut(`select ${columns} from ${table}`)) yield emit('rows', chunk)
  }
  yield writeFrame('end', hash.digest())
}

async function verifyWhole(path: string): Promise<void> {
  const hash = createHash('sha256')
  let ended = false
  for await (const frame of openBackup(path)) {
    if (frame.kind === 'end') ended = hash.copy().digest().equals(frame.body)
    else hash.update(writeFrame(frame.kind, frame.body))
  }
  if (!ended) throw new AquiferError('BACKUP_INVALID', 'The file is not a whole backup: its digest does not match.')
}

async function load(tx: Queryable, context: LedgerContext, path: string): Promise<number> {
  await tx.exec('set local statement_timeout = 0; lock table source, generation in exclusive mode')
  if ((await tx.query(`select 1 from record where not deleted limit 1`)).length > 0) {
    throw new AquiferError('RESTORE_NOT_EMPTY', 'This ledger already holds records; nothing was changed.')
  }
  for (const { id } of await tx.query<{ id: number }>(`select id from generation`)) await dropTables(tx, id)
  await tx.exec(fixedTables.map((table) => `delete from ${table};`).join(' '))
  const iterator = openBackup(path)[Symbol.asyncIterator]()
  let next = await iterator.next()
  while (next.done !== true && next.value.kind !== 'end') {
    const frame = next.value
    if (frame.kind === 'header') {
      await restoreGeneration(tx, context, frame)
      next = await iterator.next()
    } else {
      const { table, columns } = JSON.parse(Buffer.from(frame.body).toString()) as { table: string; columns: string }
      await tx.copyInText(
        `${table} (${columns})`,
        (async function* () {
          for (
            next = await iterator.next();
            next.done !== true && next.value.kind === 'rows';
            next = await iterator.next()
          ) {
            yield next.value.body
          }
        })(),
      )
    }
  }
  await tx.exec(
    ['source', 'record', 'dead_letter', 'api_key']
      .map(
        (table) =>
          `select setval(pg_get_serial_sequence('${table}', 'id'), (select coalesce(max(id), 0) + 1 from ${table}), false);`,
      )
      .join(' '),
  )
  // Whoever was syncing when the backup was made is not syncing this copy, and projections hold another state.
  await tx.exec(`update source set holder = null, lease_until = null; delete from projection`)
  return countRecords(tx)
}

async function restoreGeneration(tx: Queryable, context: LedgerContext, frame: Frame): Promise<void> {
  const header = JSON.parse(Buffer.from(frame.body).toString()) as Header
  if (header.format !== backupFormat) throw new AquiferError('BACKUP_INVALID', 'The file is not a backup of this kind.')
  if (header.schemaVersion !== (migrations.at(-1)?.version ?? 0)) {
    throw new AquiferError(
      'BACKUP_INVALID',
      `The backup has schema version ${String(header.schemaVersion)}; restore it with the version of Aquifer that wrote it.`,
    )
  }
  if (header.generation === undefined) return
  const { id } = await createTables(tx, context, header.generation, {
    state: 'active',
    number: header.generation.id,
  })
  // Built after the load, which is four times quicker than growing with it.
  await tx.exec(`drop index if exists ${tablesOf(id).hnsw}`)
}

async function columnsOf(tx: Queryable, table: string): Promise<string> {
  const rows = await tx.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows.map(({ name }) => name).join(', ')
}

/** Of what answers. */
async function countRecords(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*) as count from record r join source s on s.id = r.source_id where not r.deleted and s.edition = 'active'`,
  )
  return row?.count ?? 0
}
