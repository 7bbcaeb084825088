/** What the sources and the metrics of MySQL and MariaDB share, whose driver only they know. */

/** Whom a URL names. What else it may say to a driver, such as several statements at once, is not heeded. */
export interface MysqlTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database?: string
}

export const mysqlUrlFix =
  'Write it as mysql://USER:PASSWORD@HOST:3306/DATABASE, with special characters percent-encoded.'

/** Throws an Error for what is no URL of MySQL. */
export function parseMysqlUrl(url: string): MysqlTarget {
  const parsed = /^(?:mysql|mariadb):\/\//.test(url) ? URL.parse(url) : null
  if (parsed === null || parsed.hostname === '') throw new Error('not a URL of MySQL')
  return {
    host: decodeURIComponent(parsed.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    ...(parsed.pathname.length > 1 ? { database: decodeURIComponent(parsed.pathname.slice(1)) } : {}),
  }
}

/** The driver's own way only says goodbye, and would go on reading what the server still sends. */
export function destroyConnection(connection: { destroy(): void }): void {
  connection.destroy()
  const stream: unknown = 'stream' in connection ? connection.stream : undefined
  if (stream instanceof Object && 'destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
}
