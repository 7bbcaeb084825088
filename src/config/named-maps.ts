import { explainMismatch } from './explain.ts'
import { namePattern } from './json-schema.ts'
import type { Problem } from './problem.ts'

export type RawMap = Readonly<Record<string, unknown>>

/** The well-named maps of a section; what is not one is a problem. A section with nothing in it is empty. */
export function namedMaps(section: unknown, key: string, problems: Problem[]): readonly (readonly [string, RawMap])[] {
  if (section === undefined || section === null) return []
  if (!isMap(section)) {
    problems.push({ path: [key], at: 'value', message: explainMismatch([], ['object'], section) })
    return []
  }
  return Object.entries(section).flatMap(([name, body]) => {
    const path = [key, name]
    if (!namePattern.test(name)) {
      const message = 'a name has up to 63 letters, digits, _ and -, and begins with a letter or digit'
      problems.push({ path, at: 'key', message })
    }
    if (isMap(body)) return [[name, body] as const]
    problems.push({ path, at: 'value', message: explainMismatch([], ['object'], body) })
    return []
  })
}

export function isMap(value: unknown): value is RawMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
