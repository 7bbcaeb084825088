import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'
import { jsonFault } from '../../src/pipeline/parse/json-fault.ts'

const json = (text: string, mediaType = 'application/json') =>
  parseDocument({ path: 'data/my-file.json', mediaType, text })

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof AquiferError && error.code === 'RECORD_INVALID' && error.cause === undefined)
      return error.message
    throw error
  }
  return 'no error'
}

test('JSON stays as written, its plain values are its fields', () => {
  const text = '{\n  "title": "A title",\n  "status": "open", "n": 1.50, "tags": ["a"], "deep": { "x": 1 }\n}'
  expect(json(text)).toEqual({
    path: 'data/my-file.json',
    title: 'A title',
    text,
    mediaType: 'application/json',
    frontMatter: { title: 'A title', status: 'open', n: 1.5, tags: ['a'] },
  })
})

test('minified JSON gets lines, with every digit and in its order', () => {
  const long = 'x'.repeat(200)
  expect(json(`{"b":12345678901234567890.10,"2":[{"a":1},{"b":[]}],"1":"${long}","s":"{\\"[,"}`).text).toBe(
    `{\n  "b": 12345678901234567890.10,\n  "2": [{"a":1},{"b":[]}],\n  "1": "${long}",\n  "s": "{\\"[,"\n}`,
  )
})

test('invalid JSON is refused by its place, without its values', () => {
  expect(messageOf(() => json('{\n  "password": hunter2\n}'))).toBe(
    'data/my-file.json is not valid JSON at line 2, column 15.',
  )
  expect(messageOf(() => json('{"a": 1\n'))).toBe('data/my-file.json is not valid JSON at line 1, column 8.')
})

test('JSON Lines are checked line by line', () => {
  expect(json('{"a":1}\n\n{"a":2}\n', 'application/x-ndjson').text).toBe('{"a":1}\n{"a":2}')
  expect(messageOf(() => json('{"a":1}\n{"a":}\n', 'application/x-ndjson'))).toBe(
    'data/my-file.json is not valid JSON at line 2, column 6.',
  )
})

test('an empty file is an empty document', () => {
  expect(json('')).toMatchObject({ title: 'My file', text: '' })
})

test.each([
  ['[1, 2', 5],
  ['[1,]', 3],
  ['{"a":1,}', 7],
  ['{a:1}', 1],
  ['{"a" 1}', 5],
  ['"a\nb"', 2],
  ['"\\x"', 1],
  ['[01]', 1],
  ['1 2', 2],
  ['[}', 1],
  ['', 0],
  ['truee', 0],
])('the fault in %j is found', (text, at) => {
  expect(() => JSON.parse(text)).toThrow(SyntaxError)
  expect(jsonFault(text)).toBe(at)
})
