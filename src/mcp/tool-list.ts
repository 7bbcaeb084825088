import { z } from 'zod'
import type { Tool as Definition } from '@modelcontextprotocol/server'
import type { Door } from './door.ts'
import type { Tool } from './tool.ts'
import { describeMetric } from './tools/describe-metric.ts'
import { describeSources } from './tools/describe-sources.ts'
import { fetch } from './tools/fetch.ts'
import { findMetrics } from './tools/find-metrics.ts'
import { queryMetrics } from './tools/query-metrics.ts'
import { search } from './tools/search.ts'
import { searchKnowledge } from './tools/search-knowledge.ts'

/** Tools in the order in which clients see them, and what tools/list answers of them. */
export interface ToolList {
  readonly tools: readonly Tool[]
  /** The same for every caller and never anything indexed or defined. */
  readonly definitions: readonly Definition[]
}

const knowledgeTools = listOf([search, fetch, searchKnowledge, describeSources])
const allTools = listOf([...knowledgeTools.tools, findMetrics, describeMetric, queryMetrics])

/** What there is where metrics are configured, and where they are not. */
export function toolsOf({ numbers }: Pick<Door, 'numbers'>): ToolList {
  return numbers === undefined ? knowledgeTools : allTools
}

function listOf(tools: readonly Tool[]): ToolList {
  const definitions = tools.map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(tool.input, 'input'),
    outputSchema: jsonSchema(tool.output, 'output'),
    annotations: { title: tool.title, ...tool.annotations },
  }))
  return { tools, definitions }
}

function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): Definition['inputSchema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, override: withoutTheObvious })
  // A z.object's JSON Schema always has the type `object`.
  return json as Definition['inputSchema']
}

/**
 * That an integer is one that a double can hold, that names are strings and that what is not forbidden is allowed need not be
 * said: it costs up to 15 tokens each time.
 */
function withoutTheObvious({ jsonSchema: json }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum
  if (isEqual(json.propertyNames, '{"type":"string"}')) delete json.propertyNames
  if (isEqual(json.additionalProperties, '{}')) delete json.additionalProperties
}

function isEqual(schema: unknown, text: string): boolean {
  return schema !== undefined && JSON.stringify(schema) === text
}
