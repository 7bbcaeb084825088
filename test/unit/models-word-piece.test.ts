import { describe, expect, test } from 'vitest'
import { openWordPiece } from '../../src/models/word-piece.ts'

const { countTokens, encode } = await openWordPiece()
const start = 101
const end = 102
const unknown = 100

describe('the word pieces of the local model', () => {
  // Ids as Hugging Face's tokenizers 0.23 gives them for the same vocabulary.
  test.each([
    ['lower-cases', 'The weather is LOVELY today.', [1996, 4633, 2003, 8403, 2651, 1012]],
    ['splits what it does not know', 'unaffable', [14477, 20961, 3468]],
    [
      'drops accents',
      "Crème Brûlée à la façon d'Åsa",
      [13675, 21382, 7987, 9307, 2063, 1037, 2474, 6904, 8663, 1040, 1005, 17306],
    ],
    ['sets ideographs apart', '東京タワー is 333m', [1879, 1755, 1709, 30262, 30265, 2003, 21211, 2213]],
    ['decomposes Hangul', '한국어', [1469, 30006, 30021, 29991, 30014, 30020, 29999, 30008]],
    [
      'sets punctuation and ASCII symbols apart',
      'don\'t $5.99 + <a href="x">',
      [2123, 1005, 1056, 1002, 1019, 1012, 5585, 1009, 1026, 1037, 17850, 12879, 1027, 1000, 1060, 1000, 1028],
    ],
    [
      'splits code at its marks',
      'C++/node.js v24_lts',
      [1039, 1009, 1009, 1013, 13045, 1012, 1046, 2015, 1058, 18827, 1035, 8318, 2015],
    ],
    [
      'has no final sigma where it lower-cases itself',
      'ΟΔΟΣ ὀδυσσεύς',
      [1169, 29722, 29730, 29733, 1169, 29722, 29735, 29733, 29733, 29723, 29735, 19579],
    ],
    [
      'drops what is invisible and takes every space for one',
      'soft\u00adhyphen zero\u200bwidth\u00a0nbsp\ttab\u2028line',
      [3730, 10536, 8458, 2368, 5717, 9148, 11927, 2232, 1050, 5910, 2361, 21628, 2240],
    ],
    ['drops control characters', '\0nul\ufffd', [16371, 2140]],
    ['lower-cases before it drops accents', 'İstanbul Straße', [9960, 2358, 27807]],
    ['keeps vowel signs that are letters', 'हिन्दी', [1339, 29877, 29863, 29861, 29878]],
    ['does not know emoji', '😀 emoji', [unknown, 7861, 29147, 2072]],
    ['sets rare ideographs apart', '𠀀𪜀', [unknown, unknown]],
    ['does not know a word of 101 letters', 'x'.repeat(101), [unknown]],
  ])('%s', (_, text, ids) => {
    expect(encode(text, 256)).toEqual([start, ...ids, end])
    expect(countTokens(text)).toBe(ids.length)
  })

  test('spell a word of 100 letters', () => {
    expect(countTokens('x'.repeat(100))).toBe(50)
  })

  test('take the name of a special token in a text for plain text', () => {
    expect(encode('[SEP]', 256)).toEqual([start, 1031, 19802, 1033, end])
  })

  test('are cut so that start and end fit too', () => {
    expect(encode('The weather is lovely today.', 5)).toEqual([start, 1996, 4633, 2003, end])
    expect(encode('word '.repeat(1000), 256)).toHaveLength(256)
  })

  test('of nothing are none', () => {
    expect(countTokens('')).toBe(0)
    expect(countTokens(' \n\u200b')).toBe(0)
  })

  test('are counted at more than a megabyte a second', () => {
    const text = 'Knowledge kept in step, from "sources" to agents: 42 tables, naïve façades. '.repeat(14_000)
    const started = performance.now()
    countTokens(text)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})
