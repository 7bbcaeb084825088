import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { AquiferError } from '../../../core/errors.ts'
import { errorCode } from './error-code.ts'
import { fileKind } from './file-kind.ts'
import type { FileStore, Listing, TakenFiles } from './file-store.ts'

const mostFiles = 100_000
/** A folder with more is read again after a moment only. */
const fewFiles = 1000
const momentMs = 1000
/** So many files of the last statement are looked at along with the folder: the next one often reads them, too. */
const mostAhead = 50

interface Walk {
  readonly paths: string[]
  readonly folders: Set<string>
}

interface Place {
  readonly folder: string
  /** What comes before the names of its entries. */
  readonly prefix: string
  /** Where it is without links. */
  readonly real: string
}

interface Ahead {
  readonly paths: readonly string[]
  readonly states: Promise<readonly State[] | undefined>
}

/** The Parquet, CSV and JSON files of a folder and those below it, or one such file. Names that begin with . or _ do not count. */
export function openFolder(path: string, connection: string): FileStore {
  let last: { readonly at: number; readonly listing: Listing } | undefined
  let root = path
  let lastTaken: readonly string[] = []
  let ahead: Ahead | undefined

  async function walk(): Promise<Listing> {
    const entries = entriesOf(path, '')
    entries.catch(() => {})
    const [real, state] = await Promise.all([realpath(path), stat(path)])
    if (state.isFile()) {
      root = dirname(path)
      return { paths: [basename(path)], folders: [real] }
    }
    root = path
    const found: Walk = { paths: [], folders: new Set([real]) }
    await walkEntries(await entries, { folder: path, prefix: '', real }, found)
    const outside = [...found.folders].filter((one) => !one.startsWith(`${real}/`))
    return { paths: found.paths.toSorted(), folders: outside.toSorted() }
  }

  async function walkEntries(entries: readonly Dirent[], { folder, prefix, real }: Place, found: Walk): Promise<void> {
    for (const entry of entries) {
      const name = prefix + entry.name
      const linked = entry.isSymbolicLink() ? await linkedFrom(join(folder, entry.name)) : undefined
      if (linked?.folder === true || entry.isDirectory()) {
        const target = linked?.real ?? join(real, entry.name)
        // A link that leads to where it is in would never end.
        if (linked !== undefined && (found.folders.has(target) || `${real}/`.startsWith(`${target}/`))) continue
        if (linked !== undefined) found.folders.add(target)
        const inside = { folder: join(folder, entry.name), prefix: `${name}/`, real: target }
        await walkEntries(await entriesOf(inside.folder, inside.prefix), inside, found)
      } else if ((linked !== undefined || entry.isFile()) && fileKind(name) !== undefined) {
        if (linked !== undefined) found.folders.add(linked.real)
        found.paths.push(name)
        if (found.paths.length > mostFiles) throw tooMany()
      }
    }
  }

  function tooMany(): AquiferError {
    return new AquiferError(
      'METRIC_DATA_INVALID',
      `Connection ${connection}: its path holds more than ${String(mostFiles)} files`,
      { fix: 'Name a folder with fewer files as the path of the connection.' },
    )
  }

  return {
    list: async ({ fresh }) => {
      const now = Date.now()
      const few = last !== undefined && last.listing.paths.length <= fewFiles
      if (last !== undefined && !fresh && !few && now - last.at < momentMs) return last.listing
      if (lastTaken.length <= mostAhead) {
        ahead = { paths: lastTaken, states: statesOf(root, lastTaken, connection) }
        ahead.states.catch(() => {})
      }
      const listing = await walk().catch((error: unknown) => {
        throw error instanceof AquiferError ? error : unreadable(error, connection)
      })
      const same = last !== undefined && isSame(last.listing, listing) ? last.listing : listing
      last = { at: now, listing: same }
      return same
    },
    take: (paths) => {
      // Whenever they were looked at: what holds is that they are the same when the statement has read them.
      const states =
        ahead !== undefined && isEqual(ahead.paths, paths) ? ahead.states : statesOf(root, paths, connection)
      ahead = undefined
      lastTaken = paths
      return takeFiles({ root, paths, connection }, states)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function takeFiles(
  {
    root,
    paths,
    connection,
  }: { readonly root: string; readonly paths: readonly string[]; readonly connection: string },
  looked: Promise<readonly State[] | undefined>,
): Promise<TakenFiles | undefined> {
  const states = await looked
  if (states === undefined) return undefined
  const files = paths.map((path, i) => ({ path, local: join(root, path), ...stateAt(states, i) }))
  return {
    files,
    isCurrent: async () => {
      const now = await statesOf(root, paths, connection)
      return now?.every(({ identity }, i) => identity === states[i]?.identity) ?? false
    },
    [Symbol.dispose]: () => {},
  }
}

interface State {
  readonly bytes: number
  readonly stamp: string
  /** Also tells one file from another that was put in its place. */
  readonly identity: string
}

async function statesOf(root: string, paths: readonly string[], connection: string): Promise<State[] | undefined> {
  try {
    return await Promise.all(
      paths.map(async (path) => {
        const { size, mtimeNs, ctimeNs, dev, ino } = await stat(join(root, path), { bigint: true })
        const stamp = `${String(size)}:${String(mtimeNs)}`
        return { bytes: Number(size), stamp, identity: `${stamp}:${String(ctimeNs)}:${String(dev)}:${String(ino)}` }
      }),
    )
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw unreadable(error, connection)
  }
}

async function entriesOf(folder: string, prefix: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter(({ name }) => !/^[._]/.test(name))
  } catch (error) {
    if (prefix !== '' && errorCode(error) === 'ENOENT') return []
    throw error
  }
}

function stateAt(states: readonly State[], i: number): Pick<State, 'bytes' | 'stamp'> {
  return { bytes: states[i]?.bytes ?? 0, stamp: states[i]?.stamp ?? '' }
}

async function linkedFrom(link: string): Promise<{ readonly real: string; readonly folder: boolean } | undefined> {
  try {
    const real = await realpath(link)
    return { real, folder: (await stat(real)).isDirectory() }
  } catch {
    // It leads nowhere.
    return undefined
  }
}

/** METRIC_ENGINE_UNREACHABLE, or METRIC_ENGINE_AUTH where it may not be read. */
export function unreadable(error: unknown, connection: string): AquiferError {
  const code = errorCode(error) ?? 'unknown reason'
  const refused = code === 'EACCES' || code === 'EPERM'
  return refused
    ? new AquiferError('METRIC_ENGINE_AUTH', `Connection ${connection}: its path may not be read (${code})`, {
        cause: error,
        fix: 'Give this user read access to the files and folders of its path.',
      })
    : new AquiferError(
        'METRIC_ENGINE_UNREACHABLE',
        `Connection ${connection}: its path ${code === 'ENOENT' ? 'is not there' : 'cannot be read'} (${code})`,
        {
          cause: error,
          fix: 'Correct `path` of the connection; it is relative to the folder of aquifer.yaml.',
        },
      )
}

function isSame(a: Listing, b: Listing): boolean {
  return isEqual(a.paths, b.paths) && isEqual(a.folders, b.folders)
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}
