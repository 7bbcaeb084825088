import { z } from 'zod'
import { configCommon } from '../../schemas/config.ts'
import { explain, explainMismatch } from './explain.ts'
import { commonJsonSchema } from './json-schema.ts'
import type { Types } from './load-type.ts'
import { metricsSourceName } from './metrics-source.ts'
import { parseConnection, type ParsedConnection } from './parse-connection.ts'
import { parseSource, type ParsedSource } from './parse-source.ts'
import type { Problem } from './problem.ts'
import { isMap, namedMaps } from './named-maps.ts'

const Common = z.strictObject(configCommon)

export interface ParsedConfig {
  readonly common: z.infer<typeof Common>
  readonly connections: readonly ParsedConnection[]
  readonly sources: readonly ParsedSource[]
}

/** Checks the whole configuration and gathers every problem; the rest is meaningful only where there is none. */
export async function parseConfig(
  raw: unknown,
  types: Types,
): Promise<{ readonly parsed: ParsedConfig | undefined; readonly problems: readonly Problem[] }> {
  if (!isMap(raw))
    return { parsed: undefined, problems: [{ path: [], at: 'value', message: explainMismatch([], ['object'], raw) }] }
  const { connections: rawConnections, sources: rawSources, ...rest } = raw
  const problems: Problem[] = []
  const common = Common.safeParse(rest)
  const known = { ...commonJsonSchema, properties: { ...commonJsonSchema.properties, connections: {}, sources: {} } }
  if (!common.success) problems.push(...explain(common.error.issues, { raw: rest, prefix: [], schema: known }))

  const connections: ParsedConnection[] = []
  for (const [name, body] of namedMaps(rawConnections, 'connections', problems)) {
    connections.push(await parseConnection(name, body, { types, problems }))
  }
  const sources: ParsedSource[] = []
  for (const [name, body] of namedMaps(rawSources, 'sources', problems)) {
    if (name === metricsSourceName && rest['metrics'] !== undefined) problems.push(takenByMetrics)
    const source = await parseSource(name, body, { types, connections, problems })
    if (source !== undefined) sources.push(source)
  }
  return { parsed: common.success ? { common: common.data, connections, sources } : undefined, problems }
}

const takenByMetrics: Problem = {
  path: ['sources', metricsSourceName],
  at: 'key',
  message: 'is the name of the source that `metrics` of this file makes of its definitions; choose another',
}
