import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { isMap } from './named-maps.ts'
import { alternatives, step, type JsonSchema } from './known-keys.ts'

/** Makes every string absolute that the schema calls a path. */
export function absolutePaths(value: unknown, schema: JsonSchema, dir: string): unknown {
  const visit = (part: unknown, nodes: readonly JsonSchema[]): unknown => {
    if (typeof part === 'string') return nodes.some((node) => node.format === 'path') ? absolutePath(part, dir) : part
    if (Array.isArray(part))
      return part.map((item, i) =>
        visit(
          item,
          nodes.flatMap((node) => step(node, i)),
        ),
      )
    // Whatever a schema made of its input (a URL, a pattern) is not ours to copy.
    if (!isMap(part) || Object.getPrototypeOf(part) !== Object.prototype) return part
    const entries = Object.entries(part)
    return Object.fromEntries(
      entries.map(([key, item]) => [
        key,
        visit(
          item,
          nodes.flatMap((node) => step(node, key)),
        ),
      ]),
    )
  }
  return visit(value, alternatives(schema))
}

export function absolutePath(path: string, dir: string): string {
  return path === '~' || path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(dir, path)
}
