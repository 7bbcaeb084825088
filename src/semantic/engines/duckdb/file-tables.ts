import picomatch from 'picomatch'

import { AquiferError } from '../../../core/errors.ts'
import { hint, nearest } from '../../../core/nearest.ts'
import { fileKind, splitPath, withoutEnding, type FileKind } from './file-kind.ts'

/** The files of one table, all of one kind, in byte order. */
export interface FileSet {
  readonly kind: FileKind
  readonly paths: readonly string[]
  /** Each path has the same `key=value` folders, which are columns then. */
  readonly partitioned: boolean
}

export interface FileTables {
  /** METRIC_TABLE_UNKNOWN with the nearest name, or METRIC_TABLE_AMBIGUOUS with what it could be. */
  find(table: string): FileSet
}

interface Candidate {
  /** Name as it is written. */
  readonly name: string
  /** For messages: a file, or a folder with / at its end. */
  readonly what: string
  readonly paths: readonly string[]
}

interface Naming {
  readonly connection: string
  /** Tables of the configuration: a file, a folder or a pattern by name. */
  readonly tables: Readonly<Record<string, string>>
}

const isPattern = /[*?[\]{}]/
const partition = /^([^=]+)=/

/**
 * What these files are called: each by its path with or without ending, and by its stem; the files of one kind in a folder
 * together by the folder's path and name. A configured name goes before all of them.
 */
export function fileTables(paths: readonly string[], { connection, tables }: Naming): FileTables {
  const byName = Map.groupBy(candidates(paths), ({ name }) => name.toLowerCase())
  const folders = Map.groupBy(paths, tableFolder)

  function find(table: string): FileSet {
    const configured = Object.keys(tables).find((name) => name === table) ?? sameButCase(table, Object.keys(tables))
    const pattern = configured === undefined ? undefined : tables[configured]
    if (pattern !== undefined) return fileSet(table, matching(pattern), pattern)
    const plain = table.replace(/^\.\//, '')
    if (isPattern.test(plain)) return fileSet(table, matching(plain), plain)
    // With a schema, which is the folder; files have no other, so definitions of another database read them too.
    const name = [plain, plain.replace('.', '/'), plain.replace(/^\w+\./, '')].find((one) =>
      byName.has(one.toLowerCase()),
    )
    const named = byName.get(name?.toLowerCase() ?? '') ?? []
    const exact = named.filter((candidate) => candidate.name === name)
    // A file alone in a folder of its name is one thing.
    const fitting = (exact.length > 0 ? exact : named).toReversed()
    const meant = new Map(fitting.map((one) => [one.paths.join('\n'), one]))
    const [only, ...others] = [...meant.values()].toReversed()
    if (only === undefined) throw unknown(table)
    if (others.length > 0) throw ambiguous(table, [only, ...others])
    return fileSet(table, only.paths, only.what)
  }

  function matching(pattern: string): readonly string[] {
    const clean = pattern.replace(/^\.\//, '').replace(/\/+$/, '')
    const isMatch = isPattern.test(clean) ? picomatch(clean) : undefined
    if (isMatch !== undefined) return paths.filter((path) => isMatch(path))
    return folders.get(clean) ?? paths.filter((path) => path === clean || path.startsWith(`${clean}/`))
  }

  function fileSet(table: string, found: readonly string[], what: string): FileSet {
    const kinds = [...new Set(found.flatMap((path) => fileKind(path) ?? []))]
    const [kind] = kinds
    if (kind === undefined) {
      throw new AquiferError(
        'METRIC_TABLE_UNKNOWN',
        `Connection ${connection}: no file is ${what}, which is table ${table}`,
      )
    }
    if (kinds.length > 1) {
      const message = `Connection ${connection}: table ${table} mixes ${kinds.join(' and ')} files`
      throw new AquiferError('METRIC_TABLE_AMBIGUOUS', message)
    }
    return { kind, paths: found, partitioned: isPartitioned(found) }
  }

  function unknown(table: string): AquiferError {
    const asFile = table.includes('/') || fileKind(table) !== undefined
    const names = [...byName.values()].flatMap((all) => all.map(({ name }) => name))
    const short = names.filter((name) => !name.includes('/') && fileKind(name) === undefined)
    const known = [...new Set([...Object.keys(tables), ...(asFile ? paths : short)])]
    const shown = nearest(table, known) === undefined ? known.slice(0, 20) : known
    const message = `Connection ${connection}: there is no table ${table}${hint(table, shown)}`
    return new AquiferError('METRIC_TABLE_UNKNOWN', message)
  }

  function ambiguous(table: string, meant: readonly Candidate[]): AquiferError {
    const some = meant.slice(0, 5).map(({ what }) => what)
    const more = meant.length > some.length ? ' and others' : ''
    const message = `Connection ${connection}: table ${table} could be ${some.join(' or ')}${more}`
    return new AquiferError('METRIC_TABLE_AMBIGUOUS', message)
  }

  return { find }
}

function candidates(paths: readonly string[]): Candidate[] {
  const files = paths.flatMap((path) => {
    const bare = withoutEnding(path)
    const names = [path, bare, splitPath(path).name, splitPath(bare).name]
    return [...new Set(names)].map((name) => ({ name, what: path, paths: [path] }))
  })
  const folders = [...Map.groupBy(paths, tableFolder)].flatMap(([folder, inside]) => {
    if (folder === '' || new Set(inside.map(fileKind)).size > 1) return []
    const names = [folder, splitPath(folder).name]
    return [...new Set(names)].map((name) => ({ name, what: `${folder}/`, paths: inside }))
  })
  return [...files, ...folders]
}

/** The folder of a file without the `key=value` folders at its end. */
function tableFolder(path: string): string {
  const segments = splitPath(path).folder.split('/')
  const end = segments.findLastIndex((segment) => !partition.test(segment))
  return segments.slice(0, end + 1).join('/')
}

function isPartitioned(paths: readonly string[]): boolean {
  const keys = new Set(
    paths.map((path) =>
      splitPath(path)
        .folder.split('/')
        .flatMap((segment) => partition.exec(segment)?.[1] ?? [])
        .join('/'),
    ),
  )
  return keys.size === 1 && !keys.has('')
}

function sameButCase(table: string, names: readonly string[]): string | undefined {
  const found = names.filter((name) => name.toLowerCase() === table.toLowerCase())
  return found.length === 1 ? found[0] : undefined
}
