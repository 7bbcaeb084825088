import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { failureOf, openConfigFolder } from '../kit/config-folder.ts'

test.for<[what: string, yaml: string | Uint8Array, failure: string]>([
  ['an empty file', '', 'aquifer.yaml: holds nothing; it needs at least `version: 1`'],
  ['a file of comments only', '# later\n', 'aquifer.yaml: holds nothing; it needs at least `version: 1`'],
  ['a tab', 'version: 1\nledger:\n\tpostgres: x\n', 'aquifer.yaml:3:1: a tab indents this line; YAML wants spaces'],
  ['a key twice', 'version: 1\nsources: {}\nsources: {}\n', 'aquifer.yaml:3:1: sources is written twice in one map'],
  [
    'two documents',
    'version: 1\n---\nversion: 1\n',
    'aquifer.yaml:2:1: a second document starts here (---); one file holds one',
  ],
  ['bytes that are not UTF-8', Uint8Array.of(0xff, 0xfe, 0x61, 0x00), 'aquifer.yaml: is not UTF-8 text'],
  ['an alias of nothing', 'version: *one\n', 'aquifer.yaml: its aliases (*name) do not resolve or unfold to too much'],
])('%s is refused', async ([, yaml, failure]) => {
  expect(await failureOf(yaml)).toBe(`CONFIG_INVALID ${failure}`)
})

test('every syntax error is told with its place', async () => {
  expect(await failureOf('version: "1\nsources: {\n')).toMatch(
    /^CONFIG_INVALID (?:2 problems:\n {2})?aquifer\.yaml:\d+:\d+: not valid YAML: /,
  )
})

test('a folder without a configuration names the folder', async () => {
  await using folder = await openConfigFolder({})
  expect(await folder.failure()).toBe('CONFIG_NOT_FOUND There is no aquifer.yaml in DIR.')
})

test('a folder that is not there is named with the reason', async () => {
  await using folder = await openConfigFolder({})
  await folder[Symbol.asyncDispose]()
  expect(await folder.failure()).toBe('CONFIG_NOT_FOUND The folder DIR cannot be read (ENOENT).')
})

test('two configurations in one folder are refused', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': 'version: 1', 'aquifer.config.ts': '' })
  expect(await folder.failure()).toBe(
    'CONFIG_INVALID DIR holds both aquifer.yaml and aquifer.config.ts; keep one of them',
  )
})

test('a folder named aquifer.yaml is told apart from a file', async () => {
  await using folder = await openConfigFolder({})
  await mkdir(join(folder.path, 'aquifer.yaml'))
  expect(await folder.failure()).toBe('CONFIG_INVALID aquifer.yaml: cannot be read (EISDIR)')
})

test('aquifer.yml is read too, with merge keys', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yml': `version: 1
sources:
  a: &common { type: files, path: a, owner: me }
  b: { <<: *common, path: b }
`,
  })
  const { sources } = await folder.load()
  expect(sources.b).toMatchObject({ owner: 'me', options: { path: join(folder.path, 'b') } })
})

test('a TypeScript configuration is checked like any other, without lines', async () => {
  await using folder = await openConfigFolder({
    'aquifer.config.ts':
      'const every: string = "30"\nexport default { version: 1, sources: { a: { type: "files", every } } }\n',
  })
  expect(await folder.failure()).toBe(`CONFIG_INVALID 2 problems:
  aquifer.config.ts sources.a.every: expected a duration such as 30s, 5m, 1h or 7d
  aquifer.config.ts sources.a.path: missing`)
})

test('a TypeScript configuration that throws shows no more of it than its kind', async () => {
  await using folder = await openConfigFolder({ 'aquifer.config.ts': 'throw new RangeError("hunter2")' })
  expect(await folder.failure()).toBe(
    'CONFIG_INVALID aquifer.config.ts: ended in RangeError while it was loaded; `node aquifer.config.ts` shows it',
  )
})

test('a TypeScript configuration needs a default export', async () => {
  await using folder = await openConfigFolder({ 'aquifer.config.ts': 'export const config = {}' })
  expect(await folder.failure()).toBe(
    'CONFIG_INVALID aquifer.config.ts: has no default export; write `export default defineConfig({ … })`',
  )
})
