import type { Db } from '../../../core/db.ts'
import { AquiferError } from '../../../core/errors.ts'
import type { LedgerAdmin } from '../../../core/ledger.ts'
import { bodySql, tablesOf, type LedgerContext } from '../context.ts'

export function checkLexical(context: LedgerContext): LedgerAdmin['checkLexical'] {
  return async () => {
    if (context.options.lexical === 'ledger') await ensureTextsearch(context.db)
  }
}

/** Makes BM25 indexes for these languages exist; LEXICAL_UNAVAILABLE where pg_textsearch is not to be had. */
export async function ensureLexical(
  context: LedgerContext,
  generation: number,
  languages: readonly string[],
): Promise<void> {
  if (context.options.lexical !== 'ledger') return
  await ensureTextsearch(context.db)
  const { chunk, bm25 } = tablesOf(generation)
  for (const language of new Set(['english', ...languages])) {
    const [row] = await context.db.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [
      bm25(language),
    ])
    if (row?.found === true) continue
    await context.db.transaction((tx) =>
      tx.exec(`set local statement_timeout = 0;
        create index if not exists ${bm25(language)} on ${chunk} using bm25 (${bodySql('')})
        with (text_config = '${language}', k1 = 1.2, b = 0.75) where language = '${language}'`),
    )
  }
}

async function ensureTextsearch(db: Db): Promise<void> {
  const [row] = await db.query<{ installed: boolean; available: boolean }>(
    `select exists (select 1 from pg_extension where extname = 'pg_textsearch') as installed,
       exists (select 1 from pg_available_extensions where name = 'pg_textsearch') as available`,
  )
  if (row?.installed === true) return
  if (row?.available !== true) throw missing()
  try {
    await db.exec('create extension if not exists pg_textsearch with schema public')
  } catch (error) {
    throw missing(error)
  }
}

function missing(cause?: unknown): AquiferError {
  const message = 'The Postgres of the ledger does not offer pg_textsearch, and no Elasticsearch is configured.'
  return new AquiferError('LEXICAL_UNAVAILABLE', message, { cause })
}
