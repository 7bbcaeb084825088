import picomatch from 'picomatch'
import type { FilesSource } from './config.ts'
import { mediaTypeOf } from './media-types.ts'

/** What of a folder is read, decided by names alone. Keys are relative to the source's folder, with `/`. */
export interface Rules {
  enters(folderKey: string): boolean
  /** Undefined for a file that is not read. */
  mediaType(fileKey: string): string | undefined
  /** Whether a link may open this: what no pattern reaches by its own name is not reached by another one either. */
  mayLinkTo(key: string): boolean
}

// `s`, since a name may hold a line break; never `windows`, since keys have `/` everywhere.
const options = { flags: 's', windows: false }

/**
 * `node_modules` and names that begin with a dot are left out unless an include pattern says them. An excluded folder
 * is left out with all below it.
 */
export function makeRules({ include, exclude }: Pick<FilesSource, 'include' | 'exclude'>): Rules {
  const patterns = include?.map(wholeFolder)
  const included = patterns === undefined ? () => true : picomatch(patterns, options)
  const excluded = picomatch(exclude.map(withoutSlash), { ...options, dot: true })
  const named = new Set(patterns?.flatMap((pattern) => pattern.split('/')))
  const bases = patterns?.map(baseOf)
  const isHidden = (name: string): boolean => (name.startsWith('.') || name === 'node_modules') && !named.has(name)

  return {
    enters: (key) =>
      !isHidden(lastName(key)) &&
      !excluded(key) &&
      (bases?.some((base) => base === '' || isWithin(key, base) || isWithin(base, key)) ?? true),
    mediaType(key) {
      if (isHidden(lastName(key)) || excluded(key) || !included(key)) return undefined
      return mediaTypeOf(key) ?? (patterns === undefined ? undefined : 'text/plain')
    },
    // Kubernetes keeps the files of a mounted volume in folders such as `..data`, and links to them.
    mayLinkTo: (key) =>
      prefixes(key).every((part) => !excluded(part)) &&
      key.split('/').every((name) => name.startsWith('..') || !isHidden(name)),
  }
}

function wholeFolder(pattern: string): string {
  return pattern.endsWith('/') ? `${pattern}**` : pattern
}

function withoutSlash(pattern: string): string {
  return pattern.endsWith('/') ? pattern.slice(0, -1) : pattern
}

/** The folder that every match of a pattern is below; empty when that is anywhere. */
function baseOf(pattern: string): string {
  const { base, negated } = picomatch.scan(pattern)
  return negated || base.includes('\\') ? '' : base
}

function isWithin(key: string, folder: string): boolean {
  return key === folder || key.startsWith(`${folder}/`)
}

function lastName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** `a`, `a/b` and `a/b/c` of `a/b/c`. */
function prefixes(key: string): string[] {
  const names = key.split('/')
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}
