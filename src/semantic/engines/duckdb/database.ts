import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'

/** What a database of DuckDB's may use and read; sizes in bytes. */
export interface DatabaseOptions {
  readonly memory: number
  readonly spill: number
  /** Folder for what does not fit into memory; undefined: nothing is written. */
  readonly spillFolder: string | undefined
  readonly threads: number | undefined
  /** Folders and files that may be read, without symbolic links in them. */
  readonly readable: readonly string[]
}

/** A database in memory that can neither write files nor read others, load extensions or change its settings. */
export interface Database extends Disposable {
  /** Connected with nothing attached. */
  connect(): Promise<DuckDBConnection>
}

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { memory, spill, spillFolder, threads, readable } = options
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${String(memory)}B`,
    temp_directory: spillFolder ?? '',
    ...(threads === undefined ? {} : { threads: String(threads) }),
    errors_as_json: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_persistent_secrets: 'false',
    // A file may be replaced by another of its size and time.
    enable_external_file_cache: 'false',
  })
  try {
    const connection = await instance.connect()
    const list = readable.map(literal).join(', ')
    for (const setting of [
      `allowed_directories = [${list}]`,
      `allowed_paths = [${list}]`,
      `GLOBAL TimeZone = 'UTC'`,
      // Given with the others, it is not obeyed.
      `max_temp_directory_size = '${String(spillFolder === undefined ? 0 : spill)}B'`,
      // It fails on some statements that pick rows by row_number (DuckDB 1.5.6: NotNullExpressionAnalyzer, an internal error).
      "disabled_optimizers = 'top_n_window_elimination'",
      'enable_external_access = false',
      'lock_configuration = true',
    ]) {
      await connection.run(`SET ${setting}`)
    }
    connection.closeSync()
  } catch (error) {
    instance.closeSync()
    throw error
  }
  return { connect: () => instance.connect(), [Symbol.dispose]: () => instance.closeSync() }
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * Waits for `work` on the connection, which it interrupts when the signal aborts; again and again, because DuckDB forgets
 * what comes between two of its steps.
 */
export async function interruptible<T>(
  connection: DuckDBConnection,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  let timer: NodeJS.Timeout | undefined
  const interrupt = (): void => {
    connection.interrupt()
    timer ??= setInterval(interrupt, 20)
  }
  signal.addEventListener('abort', interrupt, { once: true })
  try {
    return await work()
  } finally {
    signal.removeEventListener('abort', interrupt)
    clearInterval(timer)
  }
}
