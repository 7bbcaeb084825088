import { distance } from 'fastest-levenshtein'

/** The candidate that was probably meant, or undefined when none is close. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase()
  const limit = Math.min(3, Math.ceil(typed.length * 0.4))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    const steps = distance(typed, candidate.toLowerCase())
    if (steps < bestDistance) {
      best = candidate
      bestDistance = steps
    }
  }
  return best
}

/** So many names are read, and no more. */
const mostNames = 30

/** `; did you mean table?`, or the names there are. */
export function hint(word: string, candidates: readonly string[]): string {
  const meant = nearest(word, candidates)
  if (meant !== undefined) return `; did you mean ${meant}?`
  if (candidates.length === 0) return ''
  const more = candidates.length - mostNames
  return `; known: ${candidates.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`
}
