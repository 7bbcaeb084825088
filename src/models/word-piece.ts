import { readFile } from 'node:fs/promises'
import type { CountTokens } from '../core/tokens.ts'
import { splitWords } from './split-words.ts'

/** The local model's tokenizer: BERT's uncased word pieces. Special tokens spelt out in a text are plain text. */
export interface WordPiece {
  /** Word pieces of a text, without the two that mark its start and end. */
  readonly countTokens: CountTokens
  /** Ids between [CLS] and [SEP], cut so that these two fit into `maxTokens` as well. */
  readonly encode: (text: string, maxTokens: number) => readonly number[]
}

const longestWord = 100
const cachedWords = 50_000
/** A longer one is a slice that would keep the whole text it was cut from in memory. */
const longestCached = 12

let opened: Promise<WordPiece> | undefined

/** Reads the vocabulary at the first call; all later ones share it. */
export function openWordPiece(): Promise<WordPiece> {
  opened ??= readFile(new URL('./all-MiniLM-L6-v2/vocab.txt', import.meta.url), 'utf8').then(createWordPiece)
  return opened
}

/** `vocabulary`: one piece a line, its id being the line; pieces inside a word begin with ##. */
function createWordPiece(vocabulary: string): WordPiece {
  const split = createWordSplitter(vocabulary)
  const known = new Map<string, readonly number[]>()
  const pieces = (word: string): readonly number[] => {
    if (word.length > longestCached) return split.pieces(word)
    const seen = known.get(word)
    if (seen !== undefined) return seen
    const ids = split.pieces(word)
    if (known.size >= cachedWords) known.clear()
    known.set(word, ids)
    return ids
  }
  return {
    countTokens: (text) => {
      let count = 0
      for (const word of splitWords(text)) count += pieces(word).length
      return count
    },
    encode: (text, maxTokens) => {
      const ids = [split.start]
      for (const word of splitWords(text)) {
        ids.push(...pieces(word))
        if (ids.length >= maxTokens) break
      }
      ids.length = Math.min(ids.length, maxTokens - 1)
      ids.push(split.end)
      return ids
    },
  }
}

interface WordSplitter {
  readonly start: number
  readonly end: number
  pieces(word: string): readonly number[]
}

function createWordSplitter(vocabulary: string): WordSplitter {
  const whole = new Map<string, number>()
  const inner = new Map<string, number>()
  let longest = 0
  for (const [id, piece] of vocabulary.split('\n').entries()) {
    const [map, text] = piece.startsWith('##') ? [inner, piece.slice(2)] : [whole, piece]
    map.set(text, id)
    longest = Math.max(longest, text.length)
  }
  const special = (name: string): number => {
    const id = whole.get(name)
    if (id === undefined) throw new Error(`The vocabulary has no ${name}.`)
    return id
  }
  const unknown = [special('[UNK]')]
  /** Greedy, longest piece first; a word that can't be spelt to its end is unknown as a whole. */
  const pieces = (word: string): readonly number[] => {
    if (word.length > longestWord && Array.from(word).length > longestWord) return unknown
    const ids: number[] = []
    for (let from = 0; from < word.length;) {
      const map = from === 0 ? whole : inner
      let to = Math.min(word.length, from + longest)
      let id = map.get(word.slice(from, to))
      while (id === undefined && to > from + 1) id = map.get(word.slice(from, --to))
      if (id === undefined) return unknown
      ids.push(id)
      from = to
    }
    return ids
  }
  return { start: special('[CLS]'), end: special('[SEP]'), pieces }
}
