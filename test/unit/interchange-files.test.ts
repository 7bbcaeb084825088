import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readImport } from '../../src/config/read-import.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { openConfigFolder } from '../kit/config-folder.ts'

const model = (name: string): string =>
  `semantic_models: [{ name: ${name}, model: ref('${name}'), entities: [{ name: id, type: primary }] }]\n`

/** What is read of these files, or why nothing is. Messages name files relative to the folder. */
async function read(
  files: Readonly<Record<string, string | Uint8Array>>,
  { path = 'project', schema }: { path?: string; schema?: string } = {},
): Promise<{ readonly values: readonly unknown[]; readonly notes: readonly string[] } | string> {
  await using folder = await openConfigFolder(files)
  try {
    const { documents, notes } = await readImport(join(folder.path, path), { cwd: folder.path, schema })
    return { values: documents.map(({ value }) => value), notes }
  } catch (thrown) {
    if (thrown instanceof AquiferError && thrown.code === 'METRICS_IMPORT_INVALID') return thrown.message
    throw thrown
  }
}

test('of a folder every file about metrics is read, in order, whatever else stands in it', async () => {
  const found = await read({
    'project/models/b.yaml': `---\n${model('b')}---\n${model('c')}---\n`,
    'project/models/a.yml': model('a'),
    'project/models/broken.yml': 'a: {{ not yaml',
    'project/readme.md': model('no'),
    'project/target/c.yml': model('written'),
    'project/.hidden/c.yml': model('hidden'),
    'project/dbt_packages/p/c.yml': model('package'),
  })
  expect(found).toMatchObject({
    values: [
      { semantic_models: [{ name: 'a' }] },
      { semantic_models: [{ name: 'b' }] },
      { semantic_models: [{ name: 'c' }] },
    ],
    notes: ['project/dbt_packages is not read; import a package by itself'],
  })
})

test('a link that git left as text leads to its file beside the folder, once', async () => {
  const files = {
    'all/project/a.yml': model('a'),
    'all/project/link.yaml': '../shared/spine.yaml\n',
    'all/project/again.yml': '../shared/spine.yaml',
    'all/shared/spine.yaml': 'project_configuration: { time_spines: [] }',
  }
  expect(await read(files, { path: 'all/project' })).toMatchObject({
    values: [{ semantic_models: [{ name: 'a' }] }, { project_configuration: {} }],
  })
})

test('no link leads out of the folder that holds what is imported, in text or on disk', async () => {
  const files = { 'all/project/link.yaml': '../../secret.yaml', 'secret.yaml': model('secret') }
  expect(await read(files, { path: 'all/project' })).toBe(
    'secret.yaml leads out of all, the folder that holds what is imported',
  )
  await using folder = await openConfigFolder({ 'all/project/a.yml': model('a'), 'secret.yaml': model('secret') })
  await symlink(join(folder.path, 'secret.yaml'), join(folder.path, 'all/project/b.yml'))
  await expect(readImport(join(folder.path, 'all/project'), { cwd: folder.path, schema: undefined })).rejects.toThrow(
    'all/project/b.yml leads out of all',
  )
  expect(await read({ 'project/a.yml': 'b.yml', 'project/b.yml': 'a.yml' })).toMatch(
    /^project\/[ab]\.yml leads to other files without end$/,
  )
})

test('the schema is filled in where a file leaves it open, and asked for where it is not given', async () => {
  const files = { 'project/a.yml': `project_configuration:\n  a: $source_schema.t\n  b: "{{ source_schema }}.u"\n` }
  expect(await read(files, { schema: 'mart' })).toMatchObject({
    values: [{ project_configuration: { a: 'mart.t', b: 'mart.u' } }],
  })
  expect(await read(files)).toBe('project/a.yml:2 names the schema of its tables by a placeholder, source_schema')
})

test('a manifest of ten megabytes is read at once, with the place of each of its values', async () => {
  const metrics = Array.from({ length: 20_000 }, (_, index) => ({
    name: `metric_${String(index)}`,
    description: 'x'.repeat(450),
  }))
  await using folder = await openConfigFolder({
    'm.json': JSON.stringify({ semantic_models: [], metrics }, undefined, 1),
  })
  const started = performance.now()
  const { documents } = await readImport(join(folder.path, 'm.json'), { cwd: folder.path, schema: undefined })
  expect(documents[0]?.place(['metrics', 19_999, 'name'], 'value')).toBe('m.json:80001:12')
  expect(documents[0]?.place(['metrics', 0, 'description'], 'value')).toBe('m.json:6:19')
  expect(performance.now() - started).toBeLessThan(5000)
})

test('places in JSON are right with escapes, brackets in text and keys of any kind', async () => {
  const text = '{\n "a": [1, {"b\\"c": "x]}\\\\", "d": -1.5e3}, "z" ],\n "e" : null}'
  await using folder = await openConfigFolder({ 'm.json': text })
  const { documents } = await readImport(join(folder.path, 'm.json'), { cwd: folder.path, schema: undefined })
  const places = [[], ['a'], ['a', 1], ['a', 1, 'b"c'], ['a', 1, 'd'], ['a', 2], ['e'], ['a', 9], ['none']].map(
    (path) => documents[0]?.place(path, 'value'),
  )
  expect(places).toEqual(
    ['1:1', '2:7', '2:11', '2:20', '2:34', '2:43', '3:8', '2:7', '1:1'].map((at) => `m.json:${at}`),
  )
})

const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
for (let level = 1; level < 9; level += 1) {
  const above = String.fromCharCode(96 + level)
  const own = String.fromCharCode(97 + level)
  bomb.push(`${own}: &${own} [${Array.from({ length: 9 }, () => `*${above}`).join(', ')}]`)
}

test.for<[what: string, name: string, content: string | Uint8Array, refusal: string]>([
  [
    'aliases that unfold without end',
    'a.yml',
    `${bomb.join('\n')}\nmetrics: *i`,
    'a.yml: its aliases (*name) do not resolve or unfold to too much',
  ],
  [
    'YAML of ten megabytes',
    'a.yml',
    `metrics:\n${'  - name: a\n'.repeat(900_000)}`,
    'a.yml is larger than 4 MB; of a project so large, import its semantic_manifest.json',
  ],
  ['deep YAML', 'a.yml', `metrics: ${'['.repeat(300)}${']'.repeat(300)}`, 'a.yml is nested deeper than 100 levels'],
  [
    'YAML nested without end',
    'a.yml',
    `metrics: ${'['.repeat(9000)}${']'.repeat(9000)}`,
    'a.yml:1:N: it is nested too deep',
  ],
  [
    'JSON nested without end',
    'a.json',
    `{"metrics": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    'a.json is nested deeper than 100 levels',
  ],
  ['JSON that is none', 'a.json', '{"metrics": [\n1', 'a.json:2:2: not valid JSON'],
  [
    'YAML that is none',
    'a.yml',
    'metrics: [',
    'a.yml:1:11: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['what is no text', 'a.yml', new Uint8Array([0xff, 0xfe, 0x00]), 'a.yml is not UTF-8 text'],
])('%s is refused', async ([, name, content, refusal]) => {
  const found = await read({ [name]: content }, { path: name })
  // How deep a parser comes depends on the stack.
  expect(typeof found === 'string' ? found.split('\n')[0]?.replace(/1:\d{3,}/, '1:N') : found).toBe(refusal)
})

test('what is not there is said, with what may be named', async () => {
  await using folder = await openConfigFolder({})
  await writeFile(join(folder.path, 'x'), '')
  await expect(readImport(join(folder.path, 'nothing'), { cwd: folder.path, schema: undefined })).rejects.toMatchObject(
    {
      code: 'METRICS_IMPORT_INVALID',
      message: 'nothing cannot be read (ENOENT)',
      fix: 'Name a semantic_manifest.json, a folder of YAML or an OSI file that this user may read.',
    },
  )
})

test('JSON in quotes over several lines is read as OSI writes it, ending at the indentation of its key', async () => {
  const text = `metrics:
  - name: a
    data: '{
      "b": "it''s",
      "c": 1
    }'
    after: "x
  y"
  - name: d
`
  expect(await read({ 'a.yml': text }, { path: 'a.yml' })).toMatchObject({
    values: [{ metrics: [{ name: 'a', data: `{ "b": "it's", "c": 1 }`, after: 'x y' }, { name: 'd' }] }],
  })
})
