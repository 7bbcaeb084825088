import { z } from 'zod'
import type { Tool as Definition } from '@modelcontextprotocol/server'
import type { Tool } from './tool.ts'
import { describeSources } from './tools/describe-sources.ts'
import { fetch } from './tools/fetch.ts'
import { search } from './tools/search.ts'
import { searchKnowledge } from './tools/search-knowledge.ts'

/** Every tool, in the order in which clients see them. */
export const tools: readonly Tool[] = [search, fetch, searchKnowledge, describeSources]

/** What tools/list answers: the same for every caller and never anything indexed. */
export const toolDefinitions: readonly Definition[] = tools.map((tool) => ({
  name: tool.name,
  title: tool.title,
  description: tool.description,
  inputSchema: jsonSchema(tool.input, 'input'),
  outputSchema: jsonSchema(tool.output, 'output'),
  annotations: { title: tool.title, ...tool.annotations },
}))

function jsonSchema(schema: z.ZodObject, io: 'input' | 'output'): Definition['inputSchema'] {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io })
  // A z.object's JSON Schema always has the type `object`.
  return json as Definition['inputSchema']
}
