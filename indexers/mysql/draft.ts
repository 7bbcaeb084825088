import { draftTables } from '../../src/core/draft-tables.ts'
import type { DraftTable } from '../../src/core/draft-table.ts'
import type { SourceDraft } from '../../src/core/indexer.ts'
import type { MysqlConnection } from './config.ts'
import { addressOf } from './connect.ts'
import { listDraftTables } from './draft-catalog.ts'
import { openSession } from './session.ts'

/** Of the URL's database, or of all where it names none. */
export async function draftSources(connection: MysqlConnection): Promise<readonly SourceDraft[]> {
  const place = { subject: 'The database', what: 'its catalog' }
  const { database, ...address } = await addressOf(connection, place)
  await using session = openSession(address, new AbortController().signal)
  const tables = await listDraftTables(session, place, database)
  return draftTables(tables, { tableName, hasCursor: false, hasQuery: false })
}

function tableName({ schema, name }: DraftTable): string {
  return [schema, name].map((part) => (part.includes('.') ? `\`${part}\`` : part)).join('.')
}
