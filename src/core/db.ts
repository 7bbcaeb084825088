/** A Postgres, native or embedded. Statements are single, parameters always apart from the text. */
export interface Db extends Queryable, AsyncDisposable {
  readonly kind: 'embedded' | 'postgres'
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>
}

export interface TransactionOptions {
  /** One unchanging view of everything, read only. */
  readonly snapshot?: boolean
}

export interface Queryable {
  query<R extends object>(text: string, params?: readonly unknown[]): Promise<R[]>
  /** Several statements without parameters, as migrations hold them. */
  exec(text: string): Promise<void>
  /** Binary COPY into `target` (`table (column, …)`); `data` is a whole stream in Postgres's binary format. */
  copyIn(target: string, data: Uint8Array): Promise<void>
  /** Text COPY out of a query without parameters. */
  copyOut(query: string): AsyncIterable<Uint8Array>
  /** Text COPY into `target`. */
  copyInText(target: string, chunks: AsyncIterable<Uint8Array>): Promise<void>
}
