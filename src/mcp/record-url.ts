import { cleanLine, cleanText } from './untrusted-text.ts'

const scheme = 'aquifer://record/'
const openable = new Set(['http:', 'https:', 'file:', 'mailto:', 'ftp:', 'git:', 'ssh:'])

/** The address to cite a record by: its own, or one of ours where it has none that is safe to open. Never empty. */
export function recordUrl(record: { readonly id: string; readonly url: string }): string {
  const url = cleanLine(record.url, 2000)
  const protocol = URL.parse(url)?.protocol
  if (protocol !== undefined && openable.has(protocol)) return url
  return scheme + encodeURIComponent(record.id.toWellFormed())
}

/** The record id in an address of ours (see `recordUrl`, `shownId`); undefined for anything else. */
export function idInUrl(url: string): string | undefined {
  if (!url.startsWith(scheme)) return undefined
  try {
    return decodeURIComponent(url.slice(scheme.length))
  } catch {
    return undefined
  }
}

/** The id to show for a record: as it is, or inside an address of ours where it holds what a reader cannot see. */
export function shownId(id: string): string {
  return cleanText(id) === id ? id : scheme + encodeURIComponent(id.toWellFormed())
}
