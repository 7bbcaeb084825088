import type { DuckDBConnection } from '@duckdb/node-api'

import { readStatement, type TableRef } from './read-statement.ts'

const kept = 500

/** Which tables statements read, as DuckDB's parser sees it; statements that come again are not parsed again. */
export interface References {
  of(connection: DuckDBConnection, sql: string): Promise<readonly TableRef[]>
}

export function openReferences(): References {
  const known = new Map<string, readonly TableRef[]>()
  return {
    of: async (connection, sql) => {
      const found = known.get(sql)
      if (found !== undefined) return found
      const prepared = await connection.prepare('SELECT json_serialize_sql(CAST($1 AS VARCHAR))')
      try {
        prepared.bindVarchar(1, sql)
        const [row] = (await prepared.runAndReadAll()).getRows()
        const refs = readStatement(row?.[0])
        known.set(sql, refs)
        const [oldest] = known.keys()
        if (known.size > kept && oldest !== undefined) known.delete(oldest)
        return refs
      } finally {
        prepared.destroySync()
      }
    },
  }
}
