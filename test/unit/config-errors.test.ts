import { expect, test } from 'vitest'

import { failureOf } from '../kit/config-folder.ts'

test('every problem is told at once, in the order of the file, with its place and the right word', async () => {
  const failure = await failureOf(`version: 1
embeding: { provider: local }
connections:
  shop: { type: postgress, url: { env: SHOP_URL } }
sources:
  handbook:
    type: files
    path: ./docs
    langauge: german
    language: germann
  films:
    connection: shopp
    tabel: film
    every: 30
    fields: rating
`)
  expect(failure).toBe(`CONFIG_INVALID 7 problems:
  aquifer.yaml:2:1 embeding: unknown key; did you mean embedding?
  aquifer.yaml:4:17 connections.shop.type: expected duckdb, files or postgres; did you mean postgres?
  aquifer.yaml:9:5 sources.handbook.langauge: unknown key; did you mean language?
  aquifer.yaml:10:15 sources.handbook.language: expected english, french, german, spanish, italian, portuguese or dutch; did you mean german?
  aquifer.yaml:12:17 sources.films.connection: no such connection; did you mean shop?
  aquifer.yaml:14:12 sources.films.every: expected a duration such as 30s, 5m, 1h or 7d
  aquifer.yaml:15:13 sources.films.fields: expected a list, not text`)
})

test.for<[what: string, yaml: string, failure: string]>([
  ['a missing version', 'sources: {}', 'aquifer.yaml:1:1 version: missing'],
  ['another version', 'version: 2', 'aquifer.yaml:1:10 version: this Aquifer reads version 1'],
  ['a list', '- version: 1', 'aquifer.yaml:1:1: expected a map, not a list'],
  ['bare text', 'hello', 'aquifer.yaml:1:1: expected a map, not text'],
  [
    'an unknown key that is like no other',
    'version: 1\nzebra: 1',
    'aquifer.yaml:2:1 zebra: unknown key; known: version, ledger, lexical, embedding, chunking, access, verify, sync, metrics, connections, sources',
  ],
  [
    'a number out of range',
    'version: 1\nchunking: { maxTokens: 5 }',
    'aquifer.yaml:2:24 chunking.maxTokens: must be at least 32',
  ],
  [
    'a word where only one is known',
    'version: 1\nlexical: non',
    'aquifer.yaml:2:10 lexical: expected none or a map; did you mean none?',
  ],
  [
    'a provider there is not',
    'version: 1\nembedding: { provider: opnai }',
    'aquifer.yaml:2:24 embedding.provider: expected local or openai; did you mean openai?',
  ],
  [
    'a key of another provider',
    'version: 1\nembedding: { provider: local, baseUrl: x }',
    'aquifer.yaml:2:31 embedding.baseUrl: does not go with the other keys here',
  ],
  [
    'an empty value',
    'version: 1\nembedding: { provider: openai, model: "" }',
    'aquifer.yaml:2:39 embedding.model: must not be empty',
  ],
  ['a value left out', 'version: 1\nledger:\n', 'aquifer.yaml:2:8 ledger: expected a map, not nothing'],
  [
    'a schema name',
    'version: 1\nledger: { postgres: { env: X }, schema: A-b }',
    'aquifer.yaml:2:41 ledger.schema: expected lower-case letters, digits and _',
  ],
  [
    'a key inside a secret',
    'version: 1\nledger: { postgres: { envv: X } }',
    'aquifer.yaml:2:23 ledger.postgres.envv: unknown key; did you mean env?',
  ],
  [
    'a number for a URL',
    'version: 1\nledger: { postgres: 5432 }',
    'aquifer.yaml:2:21 ledger.postgres: expected text or a map, not a number',
  ],
  ['an empty acl', 'version: 1\naccess: { default: {} }', 'aquifer.yaml:2:11 access.default: needs public or groups'],
  [
    'a false acl',
    'version: 1\naccess: { default: { public: false } }',
    'aquifer.yaml:2:30 access.default.public: expected true, not false',
  ],
  [
    'a group that would mean everybody',
    "version: 1\naccess: { default: { groups: [a, '*'] } }",
    'aquifer.yaml:2:34 access.default.groups[1]: a group cannot be named *; write { public: true } to let everybody read',
  ],
  [
    'a secret written down',
    'version: 1\nembedding: { provider: openai, model: m, apiKey: sk-abc }',
    'aquifer.yaml:2:50 embedding.apiKey: expected a map, not text',
  ],
])('%s', async ([, yaml, failure]) => {
  expect(await failureOf(yaml)).toBe(`CONFIG_INVALID ${failure}`)
})

test.for<[what: string, source: string, failure: string]>([
  ['nothing in it', '', ' x: expected a map, not nothing'],
  ['neither type nor connection', 'path: ./docs', ' x: needs type or connection'],
  ['a required key missing', 'type: files', ' x.path: missing'],
  ['a required key misspelt', 'type: files, pth: .', ' x.pth: unknown key; did you mean path?'],
  ['a type that needs a connection', 'type: postgres, table: film', ' x.connection: postgres needs a connection'],
  [
    'type and connection that disagree',
    'type: files, connection: shop, path: .',
    ' x.connection: shop is a connection of type postgres, not files',
  ],
  ['none of the alternatives', 'connection: shop', ' x: needs table, query or key'],
  [
    'two alternatives at once',
    'connection: shop, table: film, query: select 1',
    ' x.query: does not go with the other keys here',
  ],
  ['a misspelt key of its own', 'connection: shop, tabel: film', ' x.tabel: unknown key; did you mean table?'],
  ['too busy a poll', 'connection: shop, table: film, every: 1ms', ' x.every: must be at least 100ms'],
  [
    'thresholds in the wrong order',
    'connection: shop, table: film, freshness: { warn: 2h, error: 1h }',
    ' x.freshness: warn must not be longer than error',
  ],
])('a source with %s', async ([, source, failure]) => {
  const body = source === '' ? '' : ` { ${source} }`
  const yaml = `version: 1\nconnections: { shop: { type: postgres, url: { env: U } } }\nsources:\n  x:${body}\n`
  const text = await failureOf(yaml)
  expect(text.replace(/aquifer\.yaml:4:\d+ sources\./, ' ')).toBe(`CONFIG_INVALID ${failure}`)
})

test.for<[connection: string, failure: string]>([
  ['type: duckdb', ': needs path or s3'],
  ['type: duckdb, pth: .', '.pth: unknown key; did you mean path?'],
  ['type: duckdb, s3: { buket: b }', '.s3.buket: unknown key; did you mean bucket?'],
  ['type: duckdb, path: ., s3: { bucket: b }', '.s3: does not go with the other keys here'],
])('of the alternatives of a connection, { %s } meant the nearest', async ([connection, failure]) => {
  const text = await failureOf(`version: 1\nconnections:\n  lake: { ${connection} }\n`)
  expect(text.replace(/aquifer\.yaml:3:\d+ /, '')).toBe(`CONFIG_INVALID connections.lake${failure}`)
})

test('a name that could not be part of an id is refused', async () => {
  expect(await failureOf('version: 1\nsources:\n  "a:b": { type: files, path: . }')).toBe(
    'CONFIG_INVALID aquifer.yaml:3:3 sources.a:b: a name has up to 63 letters, digits, _ and -, and begins with a letter or digit',
  )
})

test('a connection of a type that needs none says where the type belongs', async () => {
  expect(await failureOf('version: 1\nconnections: { docs: { type: files } }')).toBe(
    'CONFIG_INVALID aquifer.yaml:2:30 connections.docs.type: files needs no connection; write `type: files` in the source',
  )
})

test('a source of a connection that only metrics are computed in is told what sources are read from', async () => {
  const yaml =
    'version: 1\nconnections: { lake: { type: duckdb, path: . } }\nsources: { x: { connection: lake, table: t } }'
  expect(await failureOf(yaml)).toBe(
    'CONFIG_INVALID aquifer.yaml:3:29 sources.x.connection: metrics are computed in lake, but no source is read from a connection of type duckdb; known: files, postgres',
  )
})

test('problems inside an alias point at where the text stands', async () => {
  const failure = await failureOf('version: 1\nsources:\n  a: &a { type: files, path: . , evry: 5s }\n  b: *a\n')
  expect(failure).toBe(`CONFIG_INVALID 2 problems:
  aquifer.yaml:3:34 sources.a.evry: unknown key; did you mean every?
  aquifer.yaml:3:34 sources.b.evry: unknown key; did you mean every?`)
})

test('the name that the definitions of metrics are found by cannot be another source of a file that names metrics', async () => {
  const sources = 'sources:\n  metrics: { type: files, path: ./docs }\n'
  expect(await failureOf(`version: 1\nmetrics: ./metrics\n${sources}`)).toBe(
    'CONFIG_INVALID aquifer.yaml:4:3 sources.metrics: is the name of the source that `metrics` of this file makes of its definitions; choose another',
  )
  expect(await failureOf(`version: 1\n${sources}`)).toBe('loaded')
})

test('nobody can write down who reads a record in the way of the metrics', async () => {
  const failure = await failureOf(
    'version: 1\nsources:\n  docs: { type: files, path: ./docs, readers: groups }\n  cards: { type: metrics, path: ./metrics }\n',
  )
  expect(failure).toContain('sources.docs.readers: unknown key')
  expect(failure).toContain('sources.cards.type: expected files or postgres')
})
