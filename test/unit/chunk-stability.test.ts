import { expect, test } from 'vitest'
import { estimateTokens } from '../../src/core/tokens.ts'
import { chunkText } from '../../src/pipeline/chunk/chunk-text.ts'
import { createRandom, type Random } from '../kit/random.ts'

const vocabulary =
  'time year people way day thing world life part place case week company system program question number'
    .concat(
      ' night point home water room mother area money story fact month right study book eye job word business issue',
    )
    .split(' ')

function sentence(random: Random): string {
  const text = Array.from({ length: random.int(5, 20) }, () => random.some(vocabulary, 1)).join(' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const paragraph = (random: Random): string => Array.from({ length: random.int(1, 6) }, () => sentence(random)).join(' ')

/** About a hundred chunks of paragraphs. */
function document(random: Random, everyHeading: number): string[] {
  const blocks: string[] = []
  for (let tokens = 0; tokens < 17_000; tokens += estimateTokens(blocks.at(-1) ?? '')) {
    if (everyHeading > 0 && random.int(1, everyHeading) === 1)
      blocks.push(`${'#'.repeat(random.int(2, 3))} ${sentence(random)}`)
    blocks.push(paragraph(random))
  }
  return blocks
}

function chunksOf(blocks: readonly string[]): string[] {
  const text = blocks.join('\n\n')
  const input = { title: 'Document', text, mediaType: 'text/markdown', countTokens: estimateTokens, maxTokens: 250 }
  return chunkText(input).map(({ header, text }) => `${header}\n${text}`)
}

const edits: Readonly<Record<string, (blocks: readonly string[], at: number, random: Random) => string[]>> = {
  'a word changed': (blocks, at) => blocks.with(at, (blocks[at] ?? '').replace(/ \w+ \w+/, ' quite different')),
  'a sentence added': (blocks, at, random) => blocks.with(at, `${blocks[at]} ${sentence(random)}`),
  'a paragraph replaced': (blocks, at, random) => blocks.with(at, paragraph(random)),
  'a paragraph inserted': (blocks, at, random) => blocks.toSpliced(at, 0, paragraph(random)),
  'a paragraph deleted': (blocks, at) => blocks.toSpliced(at, 1),
}

function newChunks(edit: (typeof edits)[string], everyHeading: number): number[] {
  const random = createRandom(7)
  return Array.from({ length: 4 }, () => {
    const blocks = document(random, everyHeading)
    const before = chunksOf(blocks)
    expect(before.length).toBeGreaterThan(80)
    const known = new Set(before)
    const paragraphs = blocks.flatMap((block, i) => (block.startsWith('#') ? [] : [i]))
    return random
      .some(paragraphs, 15)
      .map((at) => chunksOf(edit(blocks, at, random)).filter((chunk) => !known.has(chunk)).length)
  }).flat()
}

for (const [name, edit] of Object.entries(edits)) {
  for (const everyHeading of [0, 8]) {
    test(`${name} ${everyHeading > 0 ? 'below headings' : 'in a text without headings'}: few chunks are new`, () => {
      const counts = newChunks(edit, everyHeading)
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      expect(mean).toBeLessThan(1.8)
      // Seldom one more than three; never a cascade, which packing from the top would start.
      expect(counts.filter((count) => count > 3).length / counts.length).toBeLessThanOrEqual(0.02)
      expect(Math.max(...counts)).toBeLessThanOrEqual(5)
    })
  }
}
