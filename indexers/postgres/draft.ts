import { draftTables } from '../../src/core/draft-tables.ts'
import type { DraftTable } from '../../src/core/draft-table.ts'
import type { SourceDraft } from '../../src/core/indexer.ts'
import type { PostgresConnection } from './config.ts'
import { addressOf } from './connect.ts'
import { listDraftTables } from './draft-catalog.ts'
import { openSession } from './session.ts'

export async function draftSources(connection: PostgresConnection): Promise<readonly SourceDraft[]> {
  await using session = openSession(addressOf(connection), new AbortController().signal)
  const place = { subject: 'The database', what: 'its catalog' }
  const tables = await session.transaction(place, listDraftTables)
  return draftTables(tables, { tableName, hasCursor: true, hasQuery: true })
}

function tableName({ schema, name }: DraftTable): string {
  return [schema, name].map((part) => (/[".]/.test(part) ? `"${part.replaceAll('"', '""')}"` : part)).join('.')
}
