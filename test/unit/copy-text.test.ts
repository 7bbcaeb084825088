import { expect, test } from 'vitest'
import { copyTextRow, wholeRows } from '../../src/stores/postgres/embedded/copy-text.ts'
import { parameterText } from '../../src/stores/postgres/embedded/parameter-text.ts'

test('a row of COPY escapes what separates rows and columns, and tells null from empty', () => {
  expect(copyTextRow(['a\tb', 'c\nd\r', 'e\\N', '', null])).toBe('a\\tb\tc\\nd\\r\te\\\\N\t\t\\N\n')
})

test('rows are handed on whole in pieces of about the size asked for', async () => {
  const text = Array.from({ length: 50 }, (_, row) => `row ${String(row)}\n`).join('')
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7))
  }
  const pieces: string[] = []
  for await (const piece of wholeRows(chunks(), 40)) pieces.push(Buffer.from(piece).toString())
  expect(pieces.join('')).toBe(text)
  expect(pieces.every((piece) => piece.endsWith('\n'))).toBe(true)
  expect(pieces.length).toBeGreaterThan(5)
})

test('parameters are sent as the native driver sends them', () => {
  const values = [null, undefined, 'text', 1.5, true, 7n, Uint8Array.of(1, 255), { a: [1] }, [1, null, 'a"b\\', ['x']]]
  expect(values.map(parameterText)).toEqual([
    null,
    null,
    'text',
    '1.5',
    'true',
    '7',
    '\\x01ff',
    '{"a":[1]}',
    '{"1",NULL,"a\\"b\\\\",{"x"}}',
  ])
})
