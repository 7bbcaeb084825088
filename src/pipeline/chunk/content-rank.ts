const fnvStart = 0x811c9dc5
const fnvPrime = 0x01000193

/**
 * Two hashes of a stretch of text, unsigned 32 bits. `rank` is the least hash of any three words in a row: an edit of a
 * few words seldom changes it. `whole` tells apart what shares it.
 */
export function contentRank(text: string, start: number, end: number): { rank: number; whole: number } {
  let whole = fnvStart
  let word = fnvStart
  let inWord = false
  let first = 0
  let second = 0
  let rank = 0xffffffff
  for (let i = start; i <= end; i++) {
    const code = i === end ? 32 : text.charCodeAt(i)
    whole = Math.imul(whole ^ code, fnvPrime)
    if (code > 32) {
      word = Math.imul(word ^ code, fnvPrime)
      inWord = true
    } else if (inWord) {
      rank = Math.min(rank, mixed(Math.imul(Math.imul(first, 31) + second, 31) + word))
      first = second
      second = word
      word = fnvStart
      inWord = false
    }
  }
  return { rank, whole: mixed(whole) }
}

/** The final mix of MurmurHash3. */
function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
