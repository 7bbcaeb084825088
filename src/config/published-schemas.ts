import { z } from 'zod'

import { indexers } from '../../indexers/index.ts'
import { MetricsFile } from '../../schemas/metrics.ts'
import { Change } from '../../schemas/record.ts'
import { SearchAnswer, Status } from '../../schemas/search.ts'
import { configJsonSchema, toJson } from './json-schema.ts'
import type { JsonSchema } from './known-keys.ts'

/** The JSON Schemas in `schemas/json`, by file name: of the configuration with every type of source, and of answers. */
export async function publishedSchemas(): Promise<Readonly<Record<string, JsonSchema>>> {
  const types = await Promise.all(Object.values(indexers).map(async (load) => (await load()).default))
  return {
    'config.json': named('config', 'aquifer.yaml: what Aquifer reads, and who may see it', configJsonSchema(types)),
    'metrics.json': named('metrics', 'A file of semantic models and metrics', toJson(MetricsFile)),
    'change.json': named('change', 'One change of a source, as an indexer yields it', outputJson(Change)),
    'search-answer.json': named('search-answer', 'What `aquifer search --json` prints', outputJson(SearchAnswer)),
    'status.json': named('status', 'What `aquifer status --json` prints', outputJson(Status)),
  }
}

function named(name: string, title: string, schema: JsonSchema): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', $id: `urn:aquifer:${name}`, title, ...schema }
}

function outputJson(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'output', target: 'draft-7' })
  return json
}
