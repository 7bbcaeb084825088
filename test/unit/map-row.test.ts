import { expect, test } from 'vitest'
import type { Row } from '../../schemas/record.ts'
import type { Mapping } from '../../src/core/mapping.ts'
import type { Mapped } from '../../src/pipeline/map/mapped.ts'
import { mapRow } from '../../src/pipeline/map/map-row.ts'

const film: Row = {
  film_id: 1,
  title: 'ACADEMY DINOSAUR',
  description: 'An epic drama',
  release_year: 2006,
  rental_rate: '0.99',
  rating: null,
  special_features: ['Deleted Scenes', 'Trailers'],
  active: true,
  last_update: '2006-02-15T05:03:42Z',
}

const map = (mapping: Partial<Mapping>, row: Row = film): Mapped =>
  mapRow(row, { fields: [], acl: undefined, ...mapping }, 'key-1')

const url = (template: string, row: Row): string => map({ url: template }, row).url

test('templates fill in columns, null as nothing, double braces as braces', () => {
  const { title, text } = map({
    title: '{title} ({release_year})',
    text: '{{x}} {description}|{rating}|{special_features}',
  })
  expect({ title, text }).toEqual({
    title: 'ACADEMY DINOSAUR (2006)',
    text: '{x} An epic drama||Deleted Scenes, Trailers',
  })
})

test('a column that is not there is the operator to mend, with the nearest name', () => {
  for (const mapping of [
    { title: '{titel}' },
    { text: '{titel}' },
    { url: '{titel}' },
    { fields: ['titel'] },
    { acl: { groups: '{titel}' } },
    { vector: 'titel' },
  ]) {
    expect(() => map(mapping)).toThrow(
      expect.objectContaining({ code: 'SOURCE_INVALID', message: 'There is no column titel; did you mean title?' }),
    )
  }
})

test('a field that only some documents have is nothing where it is missing', () => {
  const mapping = {
    title: '{titel}|{title}',
    text: '{more}',
    fields: ['titel'],
    acl: { groups: '{titel}' },
    vector: 'v',
  }
  const { title, text, fields, acl, vector } = mapRow(film, mapping, 'key-1', true)
  expect({ title, text, fields, acl, vector }).toEqual({
    title: '|ACADEMY DINOSAUR',
    text: '',
    fields: { titel: null },
    acl: [],
    vector: undefined,
  })
})

test('a brace of no pair is refused', () => {
  expect(() => map({ title: 'a { b' })).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }))
  expect(() => map({ title: '{}' })).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }))
})

test('without templates the row says what it holds, without keys, bookkeeping and secrets', () => {
  const row = { ...film, language_id: 1, passwordHash: 'x', apiKey: 'y', uid: '6f1c1a52-8f0e-4a52-9d3a-1f2e3d4c5b6a' }
  const { title, text } = map({}, row)
  expect({ title, text }).toEqual({
    title: 'ACADEMY DINOSAUR',
    text: `title: ACADEMY DINOSAUR
description: An epic drama
release year: 2006
rental rate: 0.99
special features: Deleted Scenes, Trailers
active: true`,
  })
})

test('a long text is a paragraph of its own', () => {
  expect(map({}, { name: 'a', notes: 'One.\n\nTwo.', size: 3 }).text).toBe('name: a\n\nnotes: One.\n\nTwo.\n\nsize: 3')
})

test('the title is found by the usual names, and is the key when there is none', () => {
  expect(map({}, { FirstName: 'Ann', LastName: 'Lee' }).title).toBe('Ann Lee')
  expect(map({}, { id: 1, product_name: 'Lamp' }).title).toBe('Lamp')
  expect(map({}, { id: 1, name: null }).title).toBe('key-1')
  expect(map({ title: '{name}' }, { name: ' ' }).title).toBe('key-1')
})

test('values in an address are encoded, and without one of them there is no address', () => {
  expect(url('https://shop.example/films/{id}?q={q}', { id: 'a/b c', q: 'x&y=1' })).toBe(
    'https://shop.example/films/a%2Fb%20c?q=x%26y%3D1',
  )
  expect(url('https://shop.example/films/{id}', { id: null })).toBe('')
  expect(url('{link}', { link: 'https://example.com/a?b=c' })).toBe('https://example.com/a?b=c')
  expect(url('{link}', { link: 'javascript:alert(1)' })).toBe('')
})

test('declared fields keep their types and can be filtered on', () => {
  const { fields, facets } = map({ fields: ['release_year', 'rental_rate', 'rating', 'special_features', 'active'] })
  expect({ fields, facets }).toEqual({
    fields: {
      release_year: 2006,
      rental_rate: '0.99',
      rating: null,
      special_features: ['Deleted Scenes', 'Trailers'],
      active: true,
    },
    facets: [
      'release_year=2006',
      'rental_rate=0.99',
      'special_features=Deleted Scenes',
      'special_features=Trailers',
      'active=true',
    ],
  })
})

test('a facet has a bounded length', () => {
  expect(map({ fields: ['a'] }, { a: 'x'.repeat(1000) }).facets).toEqual([`a=${'x'.repeat(512)}`])
})

test('what nobody sees is removed from all texts', () => {
  const { title, text, fields } = map({ fields: ['name'] }, { name: 'a\u0000b\u200B' })
  expect({ title, text, fields }).toEqual({ title: 'ab', text: 'name: ab', fields: { name: 'ab' } })
})

test('a vector that comes with the row is read', () => {
  expect(map({ vector: 'v' }, { name: 'a', v: '[0.5,-1,2]' }).vector).toEqual(new Float32Array([0.5, -1, 2]))
  expect(map({ vector: 'v' }, { name: 'a', v: [1, 2] }).vector).toEqual(new Float32Array([1, 2]))
  expect(map({ vector: 'v' }, { name: 'a', v: null })).not.toHaveProperty('vector')
  expect(map({ vector: 'v' }, { name: 'a', v: '[0.5,-1,2]' }).text).toBe('name: a')
})

test('what is no vector is refused without being quoted', () => {
  for (const v of ['secret', '[1,"secret"]', '[]', 'null', 7, { a: 1 }, '[1e999]']) {
    expect(() => map({ vector: 'v' }, { v })).toThrow(
      expect.objectContaining({
        code: 'RECORD_INVALID',
        message: 'The column v holds no vector of finite numbers such as [0.1,0.2].',
      }),
    )
  }
})

const wide: Row = {
  title: 'Academy',
  language: { name: 'English', language_id: 1 },
  none: null,
  actors: [
    { actor_id: 1, first_name: 'PENELOPE', password_hash: 'x1', awards: [{ prize: 'Oscar' }, { prize: 'Bafta' }] },
    { actor_id: 2, first_name: 'NICK', password_hash: 'x2', awards: [] },
  ],
  'a.b': 'plain',
}

test('templates reach into related rows: a list of them is joined with commas, and none is nothing', () => {
  const { title, text, url } = map(
    {
      title: '{language.name}|{actors.first_name}|{actors.awards.prize}',
      text: '{none.name}|{a.b}',
      url: 'https://x/{language.name}',
    },
    wide,
  )
  expect({ title, text, url }).toEqual({
    title: 'English|PENELOPE, NICK|Oscar, Bafta',
    text: '|plain',
    url: 'https://x/English',
  })
})

test('fields and permissions take one value of each related row', () => {
  const { fields, facets, acl } = map(
    { fields: ['language.name', 'actors.first_name'], acl: { groups: 'team-{actors.first_name}' } },
    wide,
  )
  expect({ fields, facets, acl }).toEqual({
    fields: { 'language.name': 'English', 'actors.first_name': ['PENELOPE', 'NICK'] },
    facets: ['language.name=English', 'actors.first_name=PENELOPE', 'actors.first_name=NICK'],
    acl: ['team-PENELOPE', 'team-NICK'],
  })
})

test('a column that related rows do not have is the operator to mend', () => {
  expect(() => map({ title: '{language.nam}' }, wide)).toThrow(
    expect.objectContaining({
      code: 'SOURCE_INVALID',
      message: 'There is no column language.nam; did you mean language.name?',
    }),
  )
  expect(() => map({ title: '{actors.name.x}' }, wide)).toThrow('There is no column actors.name.x')
})

test('without a template, related rows say what they would alone, without keys and secrets', () => {
  expect(map({}, wide).text).toBe(
    'title: Academy\nlanguage: name: English\nactors: first name: PENELOPE, awards: prize: Oscar; prize: Bafta; first name: NICK\na.b: plain',
  )
})
