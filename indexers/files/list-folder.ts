import type { BigIntStats } from 'node:fs'
import { lstat, opendir, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { cancelled } from '../../src/core/source-error.ts'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import { isGone, isInside } from './root.ts'
import type { Root } from './root.ts'
import type { Rules } from './rules.ts'

export interface Folder {
  /** Empty for the source's own folder. */
  readonly key: string
  readonly path: string
  /** Reached through a link; links to further folders are not followed from here, so that no two can chase each other. */
  readonly viaLink: boolean
}

export type Entry =
  | { readonly kind: 'file' | 'folder'; readonly name: string; readonly linkedPath: string | undefined }
  /** A link that cannot be looked behind, though it may lead to something of the source. */
  | { readonly kind: 'unreadable'; readonly name: string; readonly cause: unknown }
  /** A name that is not valid UTF-8, escaped to be shown. */
  | { readonly kind: 'misnamed'; readonly name: string }

interface Scope {
  readonly root: Root
  readonly rules: Rules
  readonly signal: AbortSignal
}

/** What the rules let through, in the byte order of the keys below it, and the folder as it was before. */
export async function listFolder(folder: Folder, scope: Scope): Promise<{ entries: Entry[]; stat: BigIntStats }> {
  // A listing during which something was renamed can miss what was there all the time.
  for (let attempt = 1; ; attempt += 1) {
    const before = await lstat(folder.path, { bigint: true })
    const entries = await listOnce(folder, scope)
    const after = await lstat(folder.path, { bigint: true })
    if (attempt < 3 && (before.mtimeNs !== after.mtimeNs || before.ctimeNs !== after.ctimeNs)) continue
    entries.sort((left, right) => compareUtf8(sortName(left), sortName(right)))
    return { entries: entries.filter((entry, index) => entry.name !== entries[index - 1]?.name), stat: before }
  }
}

/** `a.md` comes before what is in `a`, and that before `a0`: as the keys do. */
function sortName(entry: Entry): string {
  return entry.kind === 'folder' ? `${entry.name}/` : entry.name
}

export function childKey(folderKey: string, name: string): string {
  return folderKey === '' ? name : `${folderKey}/${name}`
}

type Kind = 'file' | 'folder' | 'link'

interface TypedName {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

async function listOnce(folder: Folder, scope: Scope): Promise<Entry[]> {
  const entries: Entry[] = []
  let hasDoubt = false
  for await (const dirent of await opendir(folder.path, { bufferSize: 256 })) {
    if (scope.signal.aborted) throw cancelled()
    // Node puts U+FFFD for bytes that are no UTF-8; the name may hold it for real, too.
    if (dirent.name.includes('\ufffd')) hasDoubt = true
    else await addEntry(entries, dirent.name, dirent, { folder, scope })
  }
  if (!hasDoubt) return entries
  for (const dirent of await readdir(folder.path, { withFileTypes: true, encoding: 'buffer' })) {
    const lossy = dirent.name.toString()
    if (!lossy.includes('\ufffd')) continue
    if (dirent.name.equals(Buffer.from(lossy))) await addEntry(entries, lossy, dirent, { folder, scope })
    else if (isWanted(kindOf(dirent), childKey(folder.key, lossy), scope.rules))
      entries.push({ kind: 'misnamed', name: escapeBytes(dirent.name) })
  }
  return entries
}

async function addEntry(
  entries: Entry[],
  name: string,
  type: TypedName,
  { folder, scope }: { folder: Folder; scope: Scope },
): Promise<void> {
  const kind = kindOf(type)
  if (kind === undefined || !isWanted(kind, childKey(folder.key, name), scope.rules)) return
  if (kind !== 'link') entries.push({ kind, name, linkedPath: undefined })
  else {
    const entry = await followLink(name, folder, scope)
    if (entry !== undefined) entries.push(entry)
  }
}

function kindOf(type: TypedName): Kind | undefined {
  if (type.isFile()) return 'file'
  if (type.isDirectory()) return 'folder'
  return type.isSymbolicLink() ? 'link' : undefined
}

function isWanted(kind: Kind | undefined, key: string, rules: Rules): boolean {
  if (kind === 'file') return rules.mediaType(key) !== undefined
  if (kind === 'folder') return rules.enters(key)
  return kind === 'link' && (rules.mediaType(key) !== undefined || rules.enters(key))
}

/** Undefined for a link that leads out of the source, to nothing, or round in a circle. */
async function followLink(name: string, folder: Folder, { root, rules }: Scope): Promise<Entry | undefined> {
  const path = join(folder.path, name)
  try {
    const linkedPath = await realpath(path)
    if (!isInside(linkedPath, root.path)) return undefined
    if (!rules.mayLinkTo(relative(root.path, linkedPath).split(sep).join('/'))) return undefined
    const target = await stat(linkedPath)
    const kind = kindOf(target)
    if (kind !== 'file' && kind !== 'folder') return undefined
    if (!isWanted(kind, childKey(folder.key, name), rules)) return undefined
    if (kind === 'folder' && (folder.viaLink || isInside(folder.path, linkedPath))) return undefined
    return { kind, name, linkedPath }
  } catch (cause) {
    if (isGone(cause)) return undefined
    const target = await readlink(path).catch(() => undefined)
    if (target === undefined || !isInside(resolve(dirname(path), target), root.path)) return undefined
    return { kind: 'unreadable', name, cause }
  }
}

function escapeBytes(name: Buffer): string {
  return Array.from(name, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase()}`,
  ).join('')
}
