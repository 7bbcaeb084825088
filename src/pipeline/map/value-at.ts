import type { Json, Row } from '../../../schemas/record.ts'

/**
 * The value of a column, or at a path into one such as `language.name`; of a list, those of all its items as one list.
 * undefined where the row has no such name.
 */
export function valueAt(row: Row, path: string): Json | undefined {
  return Object.hasOwn(row, path) ? row[path] : inside(row, path.split('.'))
}

function inside(value: Json, [name, ...rest]: readonly string[]): Json | undefined {
  if (name === undefined || value === null) return value
  if (typeof value !== 'object') return undefined
  if (isList(value)) {
    const items = value.map((item) => inside(item, [name, ...rest]))
    return items.includes(undefined) ? undefined : items.flatMap((item): readonly Json[] => listOf(item))
  }
  const next = Object.hasOwn(value, name) ? value[name] : undefined
  return next === undefined ? undefined : inside(next, rest)
}

const isList = (value: object): value is readonly Json[] => Array.isArray(value)

const listOf = (item: Json | undefined): readonly Json[] =>
  item === undefined ? [] : typeof item === 'object' && item !== null && isList(item) ? item : [item]

/** Every path that `valueAt` finds in this row; of a list, those of its first item. */
export function pathsOf(row: Row): readonly string[] {
  return Object.entries(row).flatMap(([name, value]) => [name, ...below(value).map((path) => `${name}.${path}`)])
}

function below(value: Json): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if (!isList(value)) return pathsOf(value)
  const [first = null] = value
  return below(first)
}
