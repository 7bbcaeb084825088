import type { z } from 'zod'
import type { Path } from './problem.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** The keys that a schema knows at a path, whichever of its alternatives it is. */
export function knownKeys(schema: JsonSchema, path: Path): readonly string[] {
  const nodes = path.reduce<JsonSchema[]>(
    (found, part) => found.flatMap((node) => step(node, part)),
    alternatives(schema),
  )
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

export function step(node: JsonSchema, part: PropertyKey): JsonSchema[] {
  const next = typeof part === 'number' ? node.items : (node.properties?.[String(part)] ?? node.additionalProperties)
  return typeof next === 'object' && !Array.isArray(next) ? alternatives(next) : []
}

/** The schema itself, or what it is one or all of. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return parts.length === 0 ? [schema] : parts.flatMap((part) => (typeof part === 'object' ? alternatives(part) : []))
}
