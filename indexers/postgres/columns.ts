import { closest, distance } from 'fastest-levenshtein'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Place } from '../../src/core/source-error.ts'

export interface Column {
  readonly name: string
  /** Object id of its type, or of what its domain is based on. */
  readonly typeId: string
}

/** The column of this name; SOURCE_INVALID, with the nearest one, when there is none. */
export function findColumn(place: Place, name: string, columns: readonly Column[]): Column {
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

export function sameColumns(left: readonly Column[], right: readonly Column[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ name, typeId }, at) => name === right[at]?.name && typeId === right[at]?.typeId)
  )
}
