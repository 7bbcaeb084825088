import { expect, test } from 'vitest'
import type { Mapping } from '../../src/core/mapping.ts'
import { mapDocument } from '../../src/pipeline/map/map-document.ts'
import { mappingDigest } from '../../src/pipeline/map/mapping-digest.ts'
import type { Mapped } from '../../src/pipeline/map/mapped.ts'
import type { ParsedDocument } from '../../src/pipeline/parse/parsed-document.ts'

const page: ParsedDocument = {
  path: 'guides/first steps.md',
  title: 'First steps',
  text: '# First steps\n\nText.',
  mediaType: 'text/markdown',
  frontMatter: { status: 'final', tags: ['a', 'b'], readers: ['staff'] },
}

const map = (mapping: Partial<Mapping>, document = page): Mapped =>
  mapDocument(document, { fields: [], acl: undefined, ...mapping })

test('without a mapping a document is what it says of itself', () => {
  expect(map({})).toEqual({
    title: 'First steps',
    text: '# First steps\n\nText.',
    mediaType: 'text/markdown',
    url: '',
    fields: {},
    facets: [],
    acl: [],
  })
  expect(map({}, { ...page, url: 'https://example.com/x' }).url).toBe('https://example.com/x')
})

test('templates name path, title, text and front matter; what a document does not say is empty', () => {
  const { title, text, url } = map({
    title: '{title} [{status}{missing}]',
    text: 'Status: {status}\n\n{text}',
    url: 'https://docs.example/{path}',
  })
  expect({ title, text, url }).toEqual({
    title: 'First steps [final]',
    text: 'Status: final\n\n# First steps\n\nText.',
    url: 'https://docs.example/guides/first%20steps.md',
  })
})

test('fields and readers come from front matter', () => {
  const { fields, facets, acl } = map({ fields: ['status', 'tags', 'missing'], acl: { groups: '{readers}' } })
  expect({ fields, facets, acl }).toEqual({
    fields: { status: 'final', tags: ['a', 'b'] },
    facets: ['status=final', 'tags=a', 'tags=b'],
    acl: ['staff'],
  })
})

test('a template around data that would no longer parse makes plain text', () => {
  const data = { ...page, mediaType: 'application/json', text: '{}' }
  expect(map({}, data).mediaType).toBe('application/json')
  expect(map({ text: 'Data: {text}' }, data)).toMatchObject({ mediaType: 'text/plain', text: 'Data: {}' })
})

test('the digest tells apart every setting that shapes a record', () => {
  const mappings: Mapping[] = [
    { fields: [], acl: undefined },
    { fields: ['a'], acl: undefined },
    { fields: ['b'], acl: undefined },
    { fields: [], acl: { public: true } },
    { fields: [], acl: { groups: [] } },
    { fields: [], acl: { groups: '{a}' } },
    { fields: [], acl: undefined, title: '{a}' },
    { fields: [], acl: undefined, text: '{a}' },
    { fields: [], acl: undefined, url: '{a}' },
    { fields: [], acl: undefined, vector: 'a' },
  ]
  expect(new Set(mappings.map(mappingDigest)).size).toBe(mappings.length)
  expect(mappingDigest({ acl: undefined, fields: [], title: 'x' })).toBe(
    mappingDigest({ title: 'x', fields: [], acl: undefined }),
  )
})
