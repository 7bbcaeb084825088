import { resolve } from 'node:path'
import type { Secret } from '../../schemas/config.ts'
import type { Placed } from '../core/config.ts'
import { isMap } from './named-maps.ts'
import { pathText, type ConfigDocument, type Path } from './problem.ts'

/** Adds to every secret below `part` the place that names it, and makes its file absolute. */
export function placeSecrets<T>(
  part: T,
  path: Path,
  { document, dir }: { document: ConfigDocument; dir: string },
): Placed<T> {
  const visit = (value: unknown, at: Path): unknown => {
    if (isSecret(value)) {
      const place = `${pathText(at)} (${document.place(at, 'value')})`
      return 'env' in value ? { env: value.env, place } : { file: resolve(dir, value.file), place }
    }
    if (Array.isArray(value)) return value.map((item, i) => visit(item, [...at, i]))
    if (!isMap(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...at, key])]))
  }
  // `visit` changes nothing but secrets, and those as Placed says.
  return visit(part, path) as Placed<T>
}

/** A map whose one key, beside its place, is `env` or `file`. */
export function isSecret(value: unknown): value is Secret & { readonly place?: string } {
  if (!isMap(value)) return false
  const [key, ...others] = Object.keys(value).filter((name) => name !== 'place')
  return (key === 'env' || key === 'file') && others.length === 0 && typeof value[key] === 'string'
}
