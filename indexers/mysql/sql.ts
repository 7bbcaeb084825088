/** A name as SQL text. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text as SQL that needs no quoting, whatever the session's sql_mode. */
export function textSql(text: string): string {
  return text === '' ? `''` : `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`
}

export function bytesSql(bytes: Uint8Array): string {
  return bytes.length === 0 ? `''` : `x'${Buffer.from(bytes).toString('hex')}'`
}
