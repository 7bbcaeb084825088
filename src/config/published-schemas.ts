import { z } from 'zod'

import { indexers } from '../../indexers/index.ts'
import { MetricsFile } from '../../schemas/metrics.ts'
import { Change } from '../../schemas/record.ts'
import { SearchAnswer, Status } from '../../schemas/search.ts'
import type { IndexerType } from '../core/indexer.ts'
import { engines } from '../semantic/engines/index.ts'
import { configJsonSchema, toJson } from './json-schema.ts'
import type { JsonSchema } from './known-keys.ts'
import type { ConnectionType } from './load-type.ts'

/** The JSON Schemas in `schemas/json`, by file name: of the configuration with every type of source, and of answers. */
export async function publishedSchemas(): Promise<Readonly<Record<string, JsonSchema>>> {
  const [types, computing] = await Promise.all([all<IndexerType>(indexers), all<ConnectionType>(engines)])
  return {
    'config.json': named(
      'config',
      'aquifer.yaml: what Aquifer reads, and who may see it',
      configJsonSchema(types, computing),
    ),
    'metrics.json': named('metrics', 'A file of semantic models and metrics', toJson(MetricsFile)),
    'change.json': named('change', 'One change of a source, as an indexer yields it', outputJson(Change)),
    'search-answer.json': named('search-answer', 'What `aquifer search --json` prints', outputJson(SearchAnswer)),
    'status.json': named('status', 'What `aquifer status --json` prints', outputJson(Status)),
  }
}

async function all<T>(types: Readonly<Record<string, () => Promise<{ readonly default: T }>>>): Promise<T[]> {
  return Promise.all(Object.values(types).map(async (load) => (await load()).default))
}

function named(name: string, title: string, schema: JsonSchema): JsonSchema {
  return { $schema: 'http://json-schema.org/draft-07/schema#', $id: `urn:aquifer:${name}`, title, ...schema }
}

function outputJson(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'output', target: 'draft-7' })
  return json
}
