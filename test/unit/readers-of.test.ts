import { expect, test } from 'vitest'
import type { Acl } from '../../schemas/config.ts'
import type { Json } from '../../schemas/record.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { readersOf } from '../../src/pipeline/map/readers-of.ts'

const readers = (acl: Acl | undefined, value: Json = null): string[] => readersOf(acl, () => value)

test('nobody but administrators reads what names nobody', () => {
  expect(readers(undefined)).toEqual([])
  expect(readers({ groups: [] })).toEqual([])
  for (const value of [null, '', ' , ', '[]', '{}', []]) expect(readers({ groups: '{groups}' }, value)).toEqual([])
})

test('public means everybody', () => {
  expect(readers({ public: true })).toEqual(['*'])
})

test('groups are named in the configuration or taken from a list in the data', () => {
  expect(readers({ groups: ['staff', 'staff', 'board'] })).toEqual(['staff', 'board'])
  expect(readers({ groups: 'staff' })).toEqual(['staff'])
  expect(readers({ groups: '{groups}' }, ['a', 'b', 'a', 7, null])).toEqual(['a', 'b', '7'])
  expect(readers({ groups: '{groups}' }, '["a", "b, c"]')).toEqual(['a', 'b, c'])
  expect(readers({ groups: '{groups}' }, '{a,"b, \\"c\\"",NULL}')).toEqual(['a', 'b, "c"'])
  expect(readers({ groups: '{groups}' }, ' a, b ,')).toEqual(['a', 'b'])
})

test('text around the placeholder goes to every value', () => {
  expect(readers({ groups: 'team-{teams}' }, ['a', 'b'])).toEqual(['team-a', 'team-b'])
  expect(readers({ groups: 'team-{teams}' }, null)).toEqual([])
})

test('a group of several columns needs them all', () => {
  const row: Record<string, Json> = { org: 'acme', team: null }
  const lookup = (name: string): Json | undefined => row[name]
  expect(readersOf({ groups: '{org}-{team}' }, lookup)).toEqual([])
  expect(readersOf({ groups: '{org}-{org}' }, lookup)).toEqual(['acme-acme'])
})

test('that everybody may read is never taken from data, nor written as a group', () => {
  expect(readers({ groups: '{groups}' }, ['*', 'a'])).toEqual(['a'])
  expect(readers({ groups: '{groups}' }, ' * ')).toEqual([])
  expect(readers({ groups: '*' })).toEqual([])
  expect(() => readers({ groups: ['*'] })).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }))
})

test('a broken list closes the item and is not quoted, not even as the cause', () => {
  const fault = new AquiferError('RECORD_INVALID', 'The groups of the item are a list that does not parse as JSON.')
  expect(() => readers({ groups: '{groups}' }, '["secret"')).toThrow(fault)
  const caught = ((): unknown => {
    try {
      return readers({ groups: '{groups}' }, '["secret"')
    } catch (error) {
      return error
    }
  })()
  expect(caught).not.toHaveProperty('cause')
})
