import { z } from 'zod'
import { configCommon, sourceCommon } from '../../schemas/config.ts'
import type { IndexerType } from '../core/indexer.ts'
import { alternatives, type JsonSchema } from './known-keys.ts'
import type { ConnectionType } from './load-type.ts'

export const namePattern = /^[A-Za-z0-9][\w-]{0,62}$/

/** What editors complete by: the common keys with the sources of these types, and the connections of all. */
export function configJsonSchema(types: readonly IndexerType[], engines: readonly ConnectionType[]): JsonSchema {
  const connecting = [...engines, ...types].filter((type) => type.connection !== undefined)
  const connections = new Map(connecting.map((type) => [type.type, type]))
  const byName = { type: 'object', propertyNames: { pattern: namePattern.source } } as const
  const common = toJson(z.strictObject(configCommon))
  return {
    ...common,
    properties: {
      ...common.properties,
      connections: {
        ...byName,
        description: 'How to reach a system, by a name of your choice',
        additionalProperties: { anyOf: [...connections.values()].map(connectionJsonSchema) },
      },
      sources: {
        ...byName,
        description: 'What is read, by a name of your choice',
        additionalProperties: { anyOf: types.map(sourceJsonSchema) },
      },
    },
  }
}

export function connectionJsonSchema(type: ConnectionType): JsonSchema {
  const common: JsonSchema = { properties: { type: { const: type.type } }, required: ['type'] }
  return type.connection === undefined ? common : merge(common, toJson(type.connection))
}

/** A source names its type, or a connection whose type it takes. */
export function sourceJsonSchema(type: IndexerType): JsonSchema {
  const link: JsonSchema =
    type.connection === undefined
      ? { properties: { type: { const: type.type } }, required: ['type'] }
      : { properties: { type: { const: type.type }, connection: { type: 'string' } }, required: ['connection'] }
  return merge(merge(link, toJson(z.strictObject(sourceCommon))), toJson(type.source))
}

export const commonJsonSchema: JsonSchema = toJson(z.strictObject(configCommon))

export function toJson(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return json
}

/** One closed object with the keys of both; where `own` has alternatives, one for each. */
function merge(common: JsonSchema, own: JsonSchema): JsonSchema {
  const branches = alternatives(own).map((branch) => ({
    type: 'object' as const,
    properties: { ...common.properties, ...branch.properties },
    required: [...(common.required ?? []), ...(branch.required ?? [])],
    additionalProperties: false,
  }))
  const [only] = branches
  return branches.length === 1 && only !== undefined ? only : { anyOf: branches }
}
