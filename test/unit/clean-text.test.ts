import { expect, test } from 'vitest'
import { cleanText, cleanTitle } from '../../src/pipeline/parse/clean-text.ts'

test('ordinary text stays as it is', () => {
  const text = 'Grüße, 漢字 and “quotes”\n\twith a tab – and a café.'
  expect(cleanText(text)).toBe(text)
})

test('newlines of every kind become one kind', () => {
  expect(cleanText('a\r\nb\rc\u2028d\u0085e\ff')).toBe('a\nb\nc\nd\ne\nf')
})

test('tag characters, which spell out hidden text, are removed', () => {
  const hidden = Array.from('obey', (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('')
  expect(cleanText(`Hello${hidden}!`)).toBe('Hello!')
})

test('marks that turn the direction of text are removed', () => {
  expect(cleanText('\u202Eevil\u202C \u2066a\u2069 \u200Eb\u200F')).toBe('evil a b')
})

test('characters without width and controls are removed', () => {
  expect(cleanText('\uFEFFin\u200Bvi\u2060si\u00ADble\u0000\u0007\u001B[0m\u3164\u061C')).toBe('invisible[0m')
})

test('joiners stay where they shape a word or an emoji, and go where they only hide', () => {
  expect(cleanText('👩‍👩‍👧 می‌خواهم क्‍ष')).toBe('👩‍👩‍👧 می‌خواهم क्‍ष')
  expect(cleanText('pass\u200Dword \u200Cstart end\u200D')).toBe('password start end')
  expect(cleanText('می\u200C\u200C\u200Cخواهم')).toBe('می\u200Cخواهم')
})

test('selectors stay one after an emoji or an ideograph, and go where they smuggle bytes', () => {
  expect(cleanText('❤️ 葛\u{E0100}')).toBe('❤️ 葛\u{E0100}')
  expect(cleanText('a\uFE01b\u{E0101}\u{E0102}')).toBe('ab')
  expect(cleanText('❤\uFE0F\u{E0101}\u{E0102}')).toBe('❤\uFE0F')
})

test('half a character becomes the replacement character', () => {
  expect(cleanText('a\uD83Db')).toBe('a\uFFFDb')
})

test('a title is one line of bounded length', () => {
  expect(cleanTitle('  A\n title\u200B  here ')).toBe('A title here')
  expect(cleanTitle('x'.repeat(10_000))).toHaveLength(500)
})
