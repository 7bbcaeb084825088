import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** One file of the project: its path from the root with `/`, its text, and what it imports. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  /** As written: `../core/errors.ts`, `zod`, `node:fs`. */
  readonly specifiers: readonly string[]
  /** The relative ones, as paths from the root. */
  readonly files: readonly string[]
  /** Those of them that are loaded: types leave nothing behind. */
  readonly loads: readonly string[]
  /** The others without what they go deeper: `csv-parse` for `csv-parse/sync`, `node:fs`. */
  readonly packages: readonly string[]
}

/** The project's code below these folders. */
export function readSources(...folders: readonly string[]): readonly SourceFile[] {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,js}`),
    { cwd: root },
  )
  return paths.toSorted().map((path) => toSourceFile(path, readFileSync(join(root, path), 'utf8')))
}

const typeOnly = /^\s*(?:import|export)\s+type\s[^'"]*['"][^'"\n]+['"]/gm

export function toSourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text)
  const toPath = (name: string): string => relative('.', normalize(join(dirname(path), name)))
  const specifiers = specifiersOf(code)
  return {
    path,
    text,
    specifiers,
    files: specifiers.filter(isRelative).map(toPath),
    loads: specifiersOf(code.replaceAll(typeOnly, '')).filter(isRelative).map(toPath),
    packages: specifiers.filter((name) => !isRelative(name)).map(packageOf),
  }
}

function specifiersOf(code: string): string[] {
  const specifier = /(?:\bfrom |\bimport |\bimport\()\s*['"]([^'"\s]+)['"]/g
  return [...code.matchAll(specifier)].map((match) => match[1] ?? '')
}

function isRelative(name: string): boolean {
  return name.startsWith('.')
}

/** Whether a file does nothing but hand on what others export. */
export function isBarrel({ text }: SourceFile): boolean {
  const handedOn = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*['"][^'"]+['"];?/g
  const code = withoutComments(text)
  return handedOn.test(code) && code.replaceAll(handedOn, '').trim() === ''
}

/** The first ring of loading among these files, as the paths along it. */
export function findCycle(files: readonly SourceFile[]): readonly string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (done.has(path)) return undefined
    for (const next of byPath.get(path)?.loads ?? []) {
      const cycle = visit(next, [...trail, path])
      if (cycle !== undefined) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const { path } of files) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
