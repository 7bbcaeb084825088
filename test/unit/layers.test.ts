import { expect, test } from 'vitest'

import { findCycle, isBarrel, readSources, toSourceFile, type SourceFile } from '../kit/imports.ts'

interface Layer {
  /** Folders and files of the project, besides its own. */
  readonly folders: readonly string[]
  /** Packages; `node:*` for everything of Node's. */
  readonly packages: readonly string[]
}

const everything: Layer = { folders: [''], packages: ['node:*', 'commander', 'pino', 'zod'] }
const words = ['schemas', 'src/core']
/** The contract of an engine, and what all of them need; one engine never imports another. */
const engine = ['engine', 'engine-catalog', 'engine-deadline', 'engine-rows', 'engine-type', 'engine-words'].map(
  (name) => `src/semantic/${name}.ts`,
)
const doors = [...words, 'src/search', 'src/semantic']

/** The table of src/README.md, with the client libraries of each folder. The longest folder that fits a path counts. */
const layers: Readonly<Record<string, Layer>> = {
  schemas: { folders: [], packages: ['zod'] },
  'schemas/generate.ts': { folders: ['src/config'], packages: ['node:*'] },
  'src/core': { folders: ['schemas'], packages: ['zod', 'fastest-levenshtein'] },
  'src/config': {
    folders: [...words, 'indexers/index.ts', 'src/semantic/engines/index.ts'],
    packages: ['node:*', 'yaml', 'zod'],
  },
  'indexers/index.ts': { folders: ['src/core', 'indexers'], packages: ['fastest-levenshtein'] },
  'indexers/files': { folders: words, packages: ['node:*', 'chardet', 'iconv-lite', 'picomatch', 'zod'] },
  'indexers/kafka': { folders: words, packages: ['node:*', '@platformatic/kafka', 'zod'] },
  'indexers/mongodb': { folders: words, packages: ['node:*', 'mongodb', 'zod'] },
  'indexers/mysql': { folders: words, packages: ['node:*', '@vlasky/zongji', 'mysql2', 'zod'] },
  'indexers/postgres': {
    folders: words,
    packages: ['node:*', 'fastest-levenshtein', 'pg', 'pg-logical-replication', 'zod'],
  },
  'src/stores/postgres': {
    folders: words,
    packages: [
      'node:*',
      '@electric-sql/pglite',
      '@electric-sql/pglite-pg_textsearch',
      '@electric-sql/pglite-pgvector',
      'pg',
      'pg-copy-streams',
      'pg-types',
      'zod',
    ],
  },
  'src/stores/elasticsearch': { folders: words, packages: ['node:*', '@elastic/elasticsearch', 'zod'] },
  'src/jobs': { folders: ['src/core'], packages: ['node:*', 'pg-boss'] },
  'src/models': { folders: words, packages: ['node:*', 'onnxruntime-node', 'openai', 'p-limit', 'zod'] },
  'src/pipeline': {
    folders: words,
    packages: ['node:*', 'csv-parse', 'entities', 'htmlparser2', 'p-limit', 'smol-toml', 'yaml', 'zod'],
  },
  'src/semantic': { folders: words, packages: ['node:*', 'zod'] },
  'src/semantic/engines/index.ts': { folders: ['src/core', 'src/semantic'], packages: ['fastest-levenshtein'] },
  'src/semantic/engines/clickhouse': {
    folders: [...words, ...engine],
    packages: ['node:*', '@clickhouse/client', 'p-limit', 'zod'],
  },
  'src/semantic/engines/duckdb': {
    folders: [...words, ...engine],
    packages: ['node:*', '@aws-sdk/client-s3', '@duckdb/node-api', 'p-limit', 'picomatch', 'zod'],
  },
  'src/semantic/engines/mysql': { folders: [...words, ...engine], packages: ['node:*', 'mysql2', 'p-limit', 'zod'] },
  'src/semantic/engines/postgres': {
    folders: [...words, ...engine],
    packages: ['node:*', '@electric-sql/pglite', 'p-limit', 'pg', 'zod'],
  },
  'src/search': { folders: words, packages: ['node:*', 'zod'] },
  'src/mcp': { folders: doors, packages: ['node:*', '@modelcontextprotocol/server', 'zod'] },
  'src/http': {
    folders: [...doors, 'src/mcp'],
    packages: ['node:*', '@modelcontextprotocol/server', 'prom-client', 'zod'],
  },
  'src/cli': everything,
  'src/cli/numbers': { ...everything, packages: ['node:*', '@duckdb/node-api', 'string-width', 'zod'] },
  'src/app.ts': everything,
  'src/open-numbers.ts': everything,
}

const sources = readSources('src', 'indexers', 'schemas')

test('every folder imports only what its layer may', () => {
  expect(sources.flatMap(violations)).toEqual([])
})

test('every file belongs to a layer', () => {
  expect(sources.filter(({ path }) => layerOf(path) === undefined).map(({ path }) => path)).toEqual([])
})

test('no import comes round to where it began', () => {
  expect(findCycle(sources)).toBeUndefined()
})

test('no file only hands on what others export', () => {
  expect(sources.filter(isBarrel).map(({ path }) => path)).toEqual([])
})

test('relative imports name the file with its ending', () => {
  const all = [...sources, ...readSources('test', 'examples', 'bench')]
  const bare = all.flatMap(({ path, specifiers }) =>
    specifiers
      .filter((name) => name.startsWith('.') && !/\.(?:ts|js|json)$/.test(name))
      .map((name) => `${path}: ${name}`),
  )
  expect(bare).toEqual([])
})

test('a planted violation of each rule is found', () => {
  const planted = toSourceFile(
    'src/search/planted.ts',
    `import { Client } from 'pg'\nimport { indexers } from '../../indexers/index.ts'\nimport { a } from '../core/clock.ts'`,
  )
  expect(violations(planted)).toEqual([
    'src/search/planted.ts may not import indexers/index.ts',
    'src/search/planted.ts may not import pg',
  ])
  expect(violations(toSourceFile('indexers/files/x.ts', `export type { A } from '../postgres/sql.ts'`))).toEqual([
    'indexers/files/x.ts may not import indexers/postgres/sql.ts',
  ])
  expect(violations(toSourceFile('src/core/x.ts', `const fs = await import('node:fs/promises')`))).toEqual([
    'src/core/x.ts may not import node:fs',
  ])
  const ring = [toSourceFile('src/a.ts', `import './b.ts'`), toSourceFile('src/b.ts', `import { a } from './a.ts'`)]
  expect(findCycle(ring)).toEqual(['src/a.ts', 'src/b.ts', 'src/a.ts'])
  expect(findCycle([...ring.slice(1), toSourceFile('src/a.ts', `import type { B } from './b.ts'`)])).toBeUndefined()
  expect(isBarrel(toSourceFile('src/x.ts', `// All\nexport * from './a.ts'\nexport { b } from './b.ts'\n`))).toBe(true)
  expect(isBarrel(toSourceFile('src/x.ts', `export { b } from './b.ts'\nexport const a = 1\n`))).toBe(false)
})

function violations({ path, files, packages }: SourceFile): string[] {
  const layer = layerOf(path)
  if (layer === undefined) return []
  const own = layer.name
  const mayUse = (name: string): boolean =>
    layer.packages.includes(name) || (name.startsWith('node:') && layer.packages.includes('node:*'))
  return [
    ...files.filter((file) => ![own, ...layer.folders].some((folder) => isWithin(file, folder))),
    ...packages.filter((name) => !mayUse(name)),
  ].map((name) => `${path} may not import ${name}`)
}

function layerOf(path: string): (Layer & { readonly name: string }) | undefined {
  const [found] = Object.entries(layers)
    .filter(([folder]) => isWithin(path, folder))
    .toSorted(([a], [b]) => b.length - a.length)
  return found === undefined ? undefined : { name: found[0], ...found[1] }
}

function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}
