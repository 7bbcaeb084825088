import type { Connection } from 'mysql2'

/** Runs one statement of ours; its rows as the driver reads them. */
export type Ask = (sql: string) => Promise<readonly (readonly unknown[])[]>

export const askOn =
  (connection: Connection): Ask =>
  (sql) =>
    new Promise((resolve, reject) => {
      connection.query({ sql, rowsAsArray: true }, (error, rows: unknown) => {
        if (error !== null) reject(error)
        // With `rowsAsArray`, what a statement returns is an array of arrays, or else not an array.
        else resolve(Array.isArray(rows) ? (rows as unknown[][]) : [])
      })
    })
