import { expect, test } from 'vitest'
import { estimateTokens } from '../../src/core/tokens.ts'
import { chunkText } from '../../src/pipeline/chunk/chunk-text.ts'
import { openWordPiece } from '../../src/models/word-piece.ts'
import { createRandom, type Random } from '../kit/random.ts'

const { countTokens } = await openWordPiece()
const mediaTypes = [
  'text/markdown',
  'text/x-rst',
  'text/plain',
  'text/csv',
  'text/tab-separated-values',
  'application/json',
  'application/x-ndjson',
]
const snippets = [
  '# Heading\n',
  '### Deeper `code` heading\n',
  'Title\n=====\n',
  'Under\n-----\n',
  '\n',
  '\n\n',
  '- item\n',
  '  - nested\n',
  '1. first\n',
  '```js\n',
  '```\n',
  '    indented code\n',
  '| a | b |\n|---|---|\n',
  '| cell | other cell |\n',
  '+---+---+\n| x | y |\n',
  '=== ===\n a   b\n=== ===\n',
  '.. note::\n   inside\n',
  '> quoted\n',
  '---\n',
  '{"key": [1, 2, {"deep": "value"}],\n',
  '"quoted ""cell""",plain\n',
  'A sentence of some words. ',
  'Another one, with a comma; and more! ',
  'ünïcode 漢字かな 😀👩‍👩‍👧 text\n',
  ` ${'x'.repeat(700)} `,
  '\t\t',
  ' '.repeat(50),
  'line without an end ',
]

function randomText(random: Random): string {
  return `Start ${Array.from({ length: random.int(1, 120) }, () => random.some(snippets, 1)).join('')}`
}

const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, '')
const words = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? []

test('every chunk of any text fits the model, header and marks included', () => {
  const random = createRandom(1)
  for (let i = 0; i < 50; i++) {
    const text = randomText(random)
    const maxTokens = random.int(32, 300)
    for (const mediaType of mediaTypes) {
      for (const chunk of chunkText({ title: 'A title of some words', text, mediaType, countTokens, maxTokens })) {
        expect(countTokens(`${chunk.header}\n${chunk.text}`) + 2).toBeLessThanOrEqual(maxTokens)
        expect(chunk.text.trim()).not.toBe('')
      }
    }
  }
})

test('chunks hold all of the text, in order', () => {
  const random = createRandom(2)
  for (let i = 0; i < 60; i++) {
    const text = randomText(random).replaceAll(/[|=+]/g, ' ')
    for (const mediaType of ['text/markdown', 'text/x-rst', 'text/plain', 'application/json', 'application/x-ndjson']) {
      const chunks = chunkText({ title: 'T', text, mediaType, countTokens: estimateTokens, maxTokens: 60 })
      expect(lettersOf(chunks.map((chunk) => chunk.text).join(''))).toBe(lettersOf(text))
    }
  }
})

test('every word of a text with tables appears in some chunk', () => {
  const random = createRandom(3)
  for (let i = 0; i < 60; i++) {
    const text = randomText(random)
    for (const mediaType of mediaTypes) {
      const chunks = chunkText({ title: 'T', text, mediaType, countTokens: estimateTokens, maxTokens: 60 })
      // A word of 700 letters is cut; its letters are all there, as the test above holds.
      const found = new Set(words(chunks.map((chunk) => chunk.text).join('\n')))
      expect(words(text).filter((word) => word.length < 60 && !found.has(word))).toEqual([])
    }
  }
})

test('a word of a million letters comes apart in bounded time', () => {
  const text = 'x'.repeat(1_000_000)
  const chunks = chunkText({ title: 'T', text, mediaType: 'text/markdown', countTokens, maxTokens: 250 })
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(text)
  expect(Math.max(...chunks.map((chunk) => chunk.text.length))).toBeLessThanOrEqual(250)
})

test('no character is cut in two', () => {
  const text = '😀'.repeat(5000)
  for (const chunk of chunkText({ title: 'T', text, mediaType: 'text/plain', countTokens, maxTokens: 64 })) {
    expect(chunk.text.isWellFormed()).toBe(true)
  }
})

test('the same text comes apart in the same way', () => {
  const text = randomText(createRandom(4))
  const input = { title: 'T', text, mediaType: 'text/markdown', countTokens, maxTokens: 100 }
  expect(chunkText(input)).toEqual(chunkText({ ...input }))
})
