import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { initConfig } from '../../src/config/init-config.ts'
import { configTemplate } from '../../src/config/template.ts'
import { openConfigFolder } from '../kit/config-folder.ts'
import { configTypes } from '../kit/config-types.ts'

test('in a folder with docs, init reads docs', async () => {
  await using folder = await openConfigFolder({ 'docs/a.md': '# A' })
  expect(await initConfig({ dir: folder.path })).toEqual({
    file: join(folder.path, 'aquifer.yaml'),
    sources: ['docs'],
    env: undefined,
    ignoredIn: undefined,
  })
  const { sources } = await folder.load()
  expect(sources.docs?.options).toEqual({ path: join(folder.path, 'docs'), include: ['**/*.md'] })
})

test('in any other folder, init reads its Markdown', async () => {
  await using folder = await openConfigFolder({ 'README.md': '# A' })
  await initConfig({ dir: folder.path })
  const { sources } = await folder.load()
  expect(sources.docs?.options).toEqual({ path: folder.path, include: ['**/*.md'] })
})

test('a folder that is not there yet is made', async () => {
  await using folder = await openConfigFolder({})
  const { file } = await initConfig({ dir: join(folder.path, 'new/kb') })
  expect(await readFile(file, 'utf8')).toContain('version: 1')
})

test('from a database, init writes the drafted sources, and a password stays out of the file', async () => {
  await using folder = await openConfigFolder({})
  const result = await initConfig({
    dir: folder.path,
    from: 'postgresql://me:hunter2@db.example:5432/Shop_2024?sslmode=require',
    types: configTypes,
  })
  expect(result).toMatchObject({ sources: ['films', 'actors'], env: 'SHOP_2024_URL' })
  const text = await readFile(result.file, 'utf8')
  expect(text).not.toContain('hunter2')
  expect(text.slice(text.indexOf('# How to reach')))
    .toBe(`# How to reach a database. Secrets stand elsewhere: { env: NAME } or { file: PATH }.
connections:
  shop_2024:
    type: postgres
    url: { env: SHOP_2024_URL }

# What is read. Per source also: title, text, url, fields, acl, language, owner, freshness, every.
sources:
  # Read from db.example:5432.
  films:
    connection: shop_2024
    table: film

  actors:
    connection: shop_2024
    table: actor
    fields: [name] # check this
`)
  const { sources } = await folder.load()
  expect(sources.actors).toMatchObject({ connection: 'shop_2024', mapping: { fields: ['name'] } })
})

test('from a database without a password, the URL stands in the file', async () => {
  await using folder = await openConfigFolder({})
  const result = await initConfig({ dir: folder.path, from: 'postgres://me@localhost/shop', types: configTypes })
  expect(result.env).toBeUndefined()
  expect((await folder.load()).connections.shop?.options).toEqual({ url: 'postgres://me@localhost/shop' })
})

test('from a folder, init reads that folder', async () => {
  await using folder = await openConfigFolder({ 'notes/a.md': '' })
  await initConfig({ dir: folder.path, from: 'notes', cwd: folder.path })
  expect(await readFile(join(folder.path, 'aquifer.yaml'), 'utf8')).toContain('    path: ./notes\n')
})

test.for([
  ['mysql://h/db', '--from does not know mysql: addresses; it knows postgres://, postgresql:// and folders.'],
  ['nowhere', '--from nowhere is neither a URL nor a file or folder that is there.'],
])('from %s: refused', async ([from = '', message]) => {
  await using folder = await openConfigFolder({})
  await expect(initConfig({ dir: folder.path, from, types: configTypes })).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
    message,
  })
})

test.for(['aquifer.yaml', 'aquifer.yml', 'aquifer.config.ts'])('%s is never overwritten', async (name) => {
  await using folder = await openConfigFolder({ [name]: '# mine' })
  await expect(initConfig({ dir: folder.path })).rejects.toMatchObject({
    code: 'CONFIG_EXISTS',
    message: `${join(folder.path, name)} is there already.`,
  })
  expect(await readFile(join(folder.path, name), 'utf8')).toBe('# mine')
})

test('a place that cannot be written to is named with the reason', async () => {
  await using folder = await openConfigFolder({ file: '' })
  await expect(initConfig({ dir: join(folder.path, 'file/kb') })).rejects.toMatchObject({
    code: 'DIR_NOT_WRITABLE',
    message: `${join(folder.path, 'file/kb')} cannot be written (ENOTDIR).`,
  })
})

test('in a git repository the store is kept out of it, once', async () => {
  await using folder = await openConfigFolder({ '.git/HEAD': '', 'kb/.gitignore': 'tmp' })
  const kb = join(folder.path, 'kb')
  expect((await initConfig({ dir: kb })).ignoredIn).toBe(join(kb, '.gitignore'))
  expect(await readFile(join(kb, '.gitignore'), 'utf8')).toBe('tmp\n.aquifer/\n')

  await writeFile(join(folder.path, '.gitignore'), '/.aquifer\n')
  await mkdir(join(folder.path, 'other'))
  expect((await initConfig({ dir: join(folder.path, 'other') })).ignoredIn).toBeUndefined()
})

test('editors are told the schema where the folder installs it', async () => {
  await using folder = await openConfigFolder({ 'node_modules/aquifer/schemas/json/config.json': '{}' })
  const { file } = await initConfig({ dir: folder.path })
  expect(await readFile(file, 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=\.\/node_modules\/aquifer\/schemas\/json\/config\.json\n/,
  )
})

test('every example in the comments of a new configuration is valid', async () => {
  const examples = configTemplate({ sources: [] }).replaceAll(/^# (?=[a-z]+: \{)/gm, '')
  await using folder = await openConfigFolder({ 'aquifer.yaml': examples })
  expect(await folder.load()).toMatchObject({
    ledger: { kind: 'postgres' },
    lexical: { elasticsearch: { prefix: 'aquifer' } },
    embedding: { provider: 'openai' },
    access: { default: { groups: ['staff'] } },
    connections: { shop: { type: 'postgres' } },
  })
})
