import { closest, distance } from 'fastest-levenshtein'
import { invalidSource } from './source-error.ts'
import type { Place } from './source-error.ts'

/** The column of this name; SOURCE_INVALID, with the nearest one, when there is none. */
export function findColumn<C extends { readonly name: string }>(place: Place, name: string, columns: readonly C[]): C {
  const column = columns.find((candidate) => candidate.name === name)
  if (column !== undefined) return column
  const names = columns.map((candidate) => candidate.name)
  throw invalidSource(place, `there is no column ${name} in ${place.what}${meant(name, names)}`)
}

/** `; did you mean public.film?`, or nothing where no known name is near. */
export function meant(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.max(2, name.length / 3) ? `; did you mean ${nearest}?` : ''
}
