/** A record's public id: `source:key`. Source names hold no colon; keys may. */
export function recordId(source: string, key: string): string {
  return `${source}:${key}`
}

export function parseRecordId(id: string): { readonly source: string; readonly key: string } | undefined {
  const colon = id.indexOf(':')
  if (colon <= 0 || colon === id.length - 1) return undefined
  return { source: id.slice(0, colon), key: id.slice(colon + 1) }
}
