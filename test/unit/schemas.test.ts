import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

import { publishedSchemas } from '../../src/config/published-schemas.ts'
import { configTemplate } from '../../src/config/template.ts'

const folder = new URL('../../schemas/json/', import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))

test('the JSON Schemas are those of the zod schemas (else: npm run schemas)', async () => {
  const schemas = await publishedSchemas()
  expect(readdirSync(folder).toSorted()).toEqual(Object.keys(schemas).toSorted())
  // Through JSON, as the files are: undefined and its like do not count.
  for (const [name, schema] of Object.entries(schemas)) expect(read(name)).toEqual(JSON.parse(JSON.stringify(schema)))
})

const example = `
version: 1
ledger: { postgres: { env: DATABASE_URL } }
lexical: { elasticsearch: { url: { env: ELASTICSEARCH_URL } } }
embedding: { provider: local, model: all-MiniLM-L6-v2 }
connections:
  shop: { type: postgres, url: { env: SHOP_URL } }
sources:
  handbook:
    type: files
    path: ./docs
    include: ['**/*.md']
    owner: docs@example.com
    description: How we work
  films:
    connection: shop
    table: public.film
    mode: poll
    title: '{title}'
    text: '{description}'
    url: 'https://shop.example/films/{film_id}'
    fields: [rating, release_year, rental_rate]
    acl: { public: true }
    freshness: { warn: 5m, error: 1h }
metrics: ./metrics
`

test.for<[what: string, yaml: string, accepted: boolean]>([
  ['a configuration that uses everything', example, true],
  ['a new configuration', configTemplate({ sources: [] }), true],
  ['an unknown key', example.replace('owner:', 'onwer:'), false],
  ['a key of another type of source', example.replace('path: ./docs', 'path: ./docs\n    table: film'), false],
  ['a source without its connection', example.replace('connection: shop', 'type: postgres'), false],
  ['a number for a duration', example.replace('5m', '5'), false],
])('editors are right about %s', ([, yaml, accepted]) => {
  const schema = z.fromJSONSchema(z.record(z.string(), z.json()).parse(read('config.json')))
  expect(schema.safeParse(parse(yaml)).success).toBe(accepted)
})
