import { PGlite } from '@electric-sql/pglite'
import { pg_textsearch } from '@electric-sql/pglite-pg_textsearch'
import { vector } from '@electric-sql/pglite-pgvector'

/** One message of Postgres's answer, such as `dataRow` or `commandComplete`. */
export type BackendMessage = Awaited<ReturnType<PGlite['execProtocolStream']>>[number]

/** The embedded Postgres, spoken to in its wire protocol. */
export interface PgliteSession extends AsyncDisposable {
  /** Sends whole frontend messages; throws the first error that Postgres reports, with its SQLSTATE as `code`. */
  send(messages: Uint8Array): Promise<readonly BackendMessage[]>
}

interface SessionOptions {
  readonly dataDir: string
  /** The engine is beyond repair (a panic, an abort, memory out of bounds): nothing may be asked of it any more. */
  readonly onFatal: (reason: Error) => never
  /** What the server says before it gives up: FATAL and PANIC lines. */
  readonly onLastWords: (line: string) => void
}

export const extensions = { vector, pg_textsearch }

/** PGlite writes these to postgresql.conf at every start. There is no checkpointer and no autovacuum: see maintenance. */
const settings = [
  'timezone=UTC',
  'log_min_messages=fatal',
  'log_min_error_statement=panic',
  'jit=off',
  'min_wal_size=32MB',
  'maintenance_work_mem=128MB',
  'hnsw.ef_search=100',
  'hnsw.iterative_scan=strict_order',
]

/** `siglongjmp` out of a failed statement, which PGlite turns into an exit with this status and handles. */
const statementFailed = 100

/** One turn of the server's main loop, as this PGlite's engine exports it. */
const stepName = '_PostgresMainLoopOnce'

export async function openPgliteSession(options: SessionOptions): Promise<PgliteSession> {
  const pglite = await PGlite.create(options.dataDir, {
    extensions,
    postgresqlconf: settings,
    onStderr: (line) => {
      if (/\b(FATAL|PANIC): /.test(line)) options.onLastWords(line.replace(/^.*?\b(?=FATAL|PANIC)/, ''))
      return false
    },
  })
  catchFatal(pglite, options.onFatal)
  return {
    send: (messages) => pglite.execProtocolStream(messages, { syncToFs: false }),
    [Symbol.asyncDispose]: () => pglite.close(),
  }
}

/** PGlite swallows whatever the engine throws and asks it on; a dead engine would then be asked for ever. */
function catchFatal(pglite: PGlite, onFatal: SessionOptions['onFatal']): void {
  const engine = pglite.Module
  const step = engine[stepName]
  if (typeof step !== 'function') throw new Error(`this PGlite has no ${stepName}`)
  engine[stepName] = () => {
    try {
      step()
    } catch (thrown) {
      const failed = thrown instanceof Object && 'status' in thrown && thrown.status === statementFailed
      if (!failed) onFatal(thrown instanceof Error ? thrown : new Error(String(thrown)))
      throw thrown
    }
  }
}
