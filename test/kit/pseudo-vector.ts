/** A vector of length 1 that depends on nothing but the text: the same text, the same vector, in any process. */
export function pseudoVector(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  let state = hash(text) || 1
  const vector = new Float32Array(dimensions)
  let squares = 0
  for (let i = 0; i < dimensions; i++) {
    // Marsaglia's xorshift32.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    const value = state / 0x80000000
    vector[i] = value
    squares += value * value
  }
  const length = Math.sqrt(squares)
  for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] ?? 0) / length
  return vector
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  return state
}
