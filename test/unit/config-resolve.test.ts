import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { configDir } from '../../src/config/config-dir.ts'
import { openConfigFolder } from '../kit/config-folder.ts'

test('the least configuration is an embedded ledger with a local model and nothing for anybody but administrators', async () => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': 'version: 1\nsources:\n' })
  expect(await folder.load()).toEqual({
    dir: folder.path,
    file: join(folder.path, 'aquifer.yaml'),
    ledger: { kind: 'embedded', dir: join(folder.path, '.aquifer') },
    lexical: undefined,
    embedding: { provider: 'local', model: 'all-MiniLM-L6-v2' },
    chunking: { maxTokens: 250 },
    access: { default: undefined, local: { id: 'local', groups: [], admin: true } },
    connections: {},
    sources: {},
    verify: { everyMs: 86_400_000 },
    sync: { connections: 16 },
    metrics: undefined,
  })
})

test('a whole configuration is resolved: durations to milliseconds, paths made absolute, secrets kept as references', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': `version: 1
ledger: { postgres: { env: DATABASE_URL } }
lexical: { elasticsearch: { url: http://127.0.0.1:9200, apiKey: { file: es.key } } }
access: { default: { public: true }, local: { groups: [staff] } }
connections:
  shop: { type: postgres, url: { env: SHOP_URL } }
sources:
  handbook: { type: files, path: ./docs, acl: { groups: [staff] } }
  films:
    connection: shop
    table: film
    title: '{title}'
    fields: [rating]
    language: german
    description: All films
    freshness: { warn: 5m }
    every: 500ms
metrics: metrics
`,
  })
  const config = await folder.load()
  expect(config).toMatchObject({
    ledger: {
      kind: 'postgres',
      url: { env: 'DATABASE_URL', place: 'ledger.postgres (aquifer.yaml:2:21)' },
      schema: 'aquifer',
    },
    lexical: {
      elasticsearch: {
        url: 'http://127.0.0.1:9200',
        apiKey: {
          file: join(folder.path, 'es.key'),
          place: 'lexical.elasticsearch.apiKey (aquifer.yaml:3:65)',
        },
        prefix: 'aquifer',
      },
    },
    access: { default: { public: true }, local: { id: 'local', groups: ['staff'], admin: false } },
    connections: {
      shop: {
        name: 'shop',
        type: 'postgres',
        options: { url: { env: 'SHOP_URL', place: 'connections.shop.url (aquifer.yaml:6:32)' } },
      },
    },
    metrics: join(folder.path, 'metrics'),
  })
  expect(config.sources).toEqual({
    handbook: {
      name: 'handbook',
      type: 'files',
      connection: undefined,
      options: { path: join(folder.path, 'docs'), include: ['**/*.md'] },
      mapping: { fields: [], acl: { groups: ['staff'] } },
      language: 'english',
      owner: undefined,
      description: undefined,
      freshness: { warnMs: undefined, errorMs: undefined },
      everyMs: 10_000,
      compareMs: 60_000,
    },
    films: {
      name: 'films',
      type: 'postgres',
      connection: 'shop',
      options: { table: 'film' },
      mapping: { title: '{title}', fields: ['rating'], acl: { public: true } },
      language: 'german',
      owner: undefined,
      description: 'All films',
      freshness: { warnMs: 300_000, errorMs: undefined },
      everyMs: 500,
      compareMs: 60_000,
    },
    metrics: {
      name: 'metrics',
      type: 'metrics',
      connection: undefined,
      options: { path: join(folder.path, 'metrics') },
      mapping: { title: '{title}', text: '{text}', fields: ['status', 'owner'], acl: undefined, readers: 'readers' },
      language: 'english',
      owner: undefined,
      description: 'Governed metrics: what each number means; query_metrics computes them',
      freshness: { warnMs: undefined, errorMs: undefined },
      everyMs: 10_000,
      compareMs: 10_000,
    },
  })
})

test('a path may begin at the home folder or at the root', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': 'version: 1\nsources:\n  a: { type: files, path: ~/notes }\n  b: { type: files, path: /srv/docs }',
  })
  const { sources } = await folder.load()
  expect(sources.a?.options).toMatchObject({ path: join(homedir(), 'notes') })
  expect(sources.b?.options).toMatchObject({ path: '/srv/docs' })
})

test('the configuration cannot be changed', async () => {
  await using folder = await openConfigFolder({
    'aquifer.yaml': 'version: 1\nsources: { a: { type: files, path: a } }',
  })
  const { sources } = await folder.load()
  expect(Object.isFrozen(sources.a?.mapping.fields)).toBe(true)
})

test('the folder is that of --dir, else of AQUIFER_DIR, else the current one', () => {
  expect(configDir({ dir: 'kb', env: { AQUIFER_DIR: '/srv/kb' }, cwd: '/home/me' })).toBe('/home/me/kb')
  expect(configDir({ env: { AQUIFER_DIR: '/srv/kb' }, cwd: '/home/me' })).toBe('/srv/kb')
  expect(configDir({ env: {}, cwd: '/home/me' })).toBe('/home/me')
})

test.each([
  ['verify: { every: 90m }', { everyMs: 5_400_000 }],
  ['verify: off', undefined],
])('a watch verifies as often as the configuration says: %s', async (yaml, verify) => {
  await using folder = await openConfigFolder({ 'aquifer.yaml': `version: 1\n${yaml}\n` })
  expect((await folder.load()).verify).toEqual(verify)
})
