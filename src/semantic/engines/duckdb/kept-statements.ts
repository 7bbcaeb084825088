import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'

const most = 20

/** Statements of one connection that were run before: to prepare one again costs as much as planning it. */
export interface KeptStatements extends Disposable {
  /** For the caller alone, until it is given back or destroyed. */
  take(sql: string): Promise<DuckDBPreparedStatement>
  giveBack(sql: string, statement: DuckDBPreparedStatement): void
  /** What they read is no longer what they were made for. */
  forget(): void
}

export function keepStatements(connection: DuckDBConnection): KeptStatements {
  const kept = new Map<string, DuckDBPreparedStatement>()
  const forget = (): void => {
    for (const statement of kept.values()) statement.destroySync()
    kept.clear()
  }
  return {
    take: async (sql) => {
      const found = kept.get(sql)
      kept.delete(sql)
      return found ?? connection.prepare(sql)
    },
    giveBack: (sql, statement) => {
      kept.get(sql)?.destroySync()
      kept.set(sql, statement)
      const [oldest] = kept
      if (kept.size <= most || oldest === undefined) return
      kept.delete(oldest[0])
      oldest[1].destroySync()
    },
    forget,
    [Symbol.dispose]: forget,
  }
}
