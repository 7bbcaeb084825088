import { expect, test } from 'vitest'
import { parseArray } from '../../indexers/postgres/parse-array.ts'
import { parseJson } from '../../src/core/lossless-json.ts'
import { parserOf } from '../../indexers/postgres/parse-value.ts'
import { personalKind } from '../../src/core/personal-data.ts'
import { keySql } from '../../indexers/postgres/sql.ts'
import { parseTableName } from '../../indexers/postgres/table-name.ts'

test.for<readonly [string, unknown]>([
  ['{}', {}],
  ['0', 0],
  ['-0', '-0'],
  ['-0.0', '-0.0'],
  ['1.0', 1],
  ['1e2', 100],
  ['100', 100],
  ['0.30000000000000004', 0.30000000000000004],
  ['0.3000000000000000444', '0.3000000000000000444'],
  ['9007199254740993', '9007199254740993'],
  ['1e400', '1e400'],
  ['5e-324', 5e-324],
  ['1E+2', 100],
  ['{"": {"": 1}}', { '': { '': 1 } }],
  ['{"a\\":": [{"b": "c:"}]}', { 'a":': [{ b: 'c:' }] }],
  ['{"a": 1, "\\u0061": 2}', '{"a": 1, "\\u0061": 2}'],
  ['["\\ud83d\\ude00"]', ['😀']],
  ['["\\ude00"]', '["\\ude00"]'],
  ['{"\\u0000": 1}', '{"\\u0000": 1}'],
])('JSON %s keeps what it says', ([text, value]) => {
  expect(parseJson(text)).toEqual(value)
})

test('a key that means something to JavaScript is a key like any other', () => {
  expect(JSON.stringify(parseJson('{"__proto__": {"a": 1}}'))).toBe('{"__proto__":{"a":1}}')
})

test('JSON nested deeper than can be walked stays text', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  expect(parseJson(deep)).toBe(deep)
})

test.for<readonly [string, unknown]>([
  ['{}', []],
  ['{a,NULL,"NULL",null}', ['a', null, 'NULL', 'null']],
  ['{"",",","}","\\"","\\\\"}', ['', ',', '}', '"', '\\']],
  ['{{{1}},{{2}}}', [[['1']], [['2']]]],
  ['[-1:0][5:5]={{a},{b}}', [['a'], ['b']]],
  ['{"line\nbreak"}', ['line\nbreak']],
])('the array %s is read as it was written', ([text, value]) => {
  expect(parseArray(text, ',', (item) => item)).toEqual(value)
})

test('a domain over an array of a domain is read to its ground', () => {
  const type = { base: undefined, item: undefined, delimiter: ',' }
  const types = new Map([
    ['901', { ...type, id: '901', base: '902' }],
    ['902', { ...type, id: '902', item: '903' }],
    ['903', { ...type, id: '903', base: '23' }],
  ])
  expect(parserOf('901', types)('{1,2}')).toEqual([1, 2])
})

test.for<readonly [string, unknown]>([
  ['film', { schemas: undefined, names: ['film', 'film'] }],
  ['Public.Film', { schemas: ['Public', 'public'], names: ['Film', 'film'] }],
  ['"Odd.Schema"."say ""so"""', { schemas: ['Odd.Schema'], names: ['say "so"'] }],
  ['a.b.c', undefined],
  ['', undefined],
  ['"open', undefined],
  ['film; drop table film', { schemas: undefined, names: ['film; drop table film', 'film; drop table film'] }],
])('the table name %s', ([text, name]) => {
  expect(parseTableName(text)).toEqual(name)
})

test('a key of columns with odd names is built of quoted names', () => {
  expect(keySql(['a"b'])).toBe('q."a""b"::text')
  expect(keySql(['a', 'b'])).toBe(`'[' || to_json(q."a"::text)::text || ',' || to_json(q."b"::text)::text || ']'`)
})

test.for([
  ['email', 'contact'],
  ['customerEmail', 'contact'],
  ['e_mail_address', 'contact'],
  ['address2', 'contact'],
  ['postal_code', 'contact'],
  ['date_of_birth', 'private'],
  ['SSN', 'private'],
  ['password_hash', 'secret'],
  ['first_name', 'name'],
  ['title', undefined],
  ['emailing', undefined],
  ['description', undefined],
  ['pinned', undefined],
  ['shipping', undefined],
] as const)('the column %s is %s', ([name, kind]) => {
  expect(personalKind(name)).toBe(kind)
})
