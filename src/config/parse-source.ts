import { z } from 'zod'
import { sourceCommon } from '../../schemas/config.ts'
import type { IndexerType } from '../core/indexer.ts'
import { explain, explainMismatch } from './explain.ts'
import { sourceJsonSchema, toJson } from './json-schema.ts'
import { loadType, type Types } from './load-type.ts'
import type { RawMap } from './named-maps.ts'
import { hint } from '../core/nearest.ts'
import type { ParsedConnection } from './parse-connection.ts'
import type { Problem } from './problem.ts'

const Common = z.strictObject(sourceCommon)

export interface ParsedSource {
  readonly name: string
  readonly type: IndexerType
  readonly connection: string | undefined
  readonly common: z.infer<typeof Common>
  readonly options: unknown
}

interface Context {
  readonly types: Types
  readonly connections: readonly ParsedConnection[]
  readonly problems: Problem[]
}

/** undefined where something is wrong; then there is a problem. */
export async function parseSource(name: string, body: RawMap, context: Context): Promise<ParsedSource | undefined> {
  const { problems } = context
  const prefix = ['sources', name]
  const { type: _, connection, ...keys } = body
  const [ours, own] = partition(keys, (key) => key in sourceCommon)
  const type = await typeOfSource(name, body, context)
  const schema = type === undefined ? toJson(Common) : sourceJsonSchema(type)

  const common = Common.safeParse(ours)
  if (!common.success) problems.push(...explain(common.error.issues, { raw: ours, prefix, schema }))
  if (type === undefined) return undefined
  const options = type.source.safeParse(own)
  if (!options.success) problems.push(...explain(options.error.issues, { raw: own, prefix, schema }))
  if (!common.success || !options.success) return undefined
  const link = typeof connection === 'string' ? connection : undefined
  return { name, type, connection: link, common: common.data, options: options.data }
}

/** By its `type`, or by its connection; both may be given when they agree. */
async function typeOfSource(name: string, body: RawMap, context: Context): Promise<IndexerType | undefined> {
  const { connections, problems } = context
  const { indexers } = context.types
  const complain = (message: string, at: 'key' | 'value', ...key: string[]): undefined => {
    problems.push({ path: ['sources', name, ...key], at, message })
  }
  if (body.type === undefined && body.connection === undefined) return complain('needs type or connection', 'key')
  const type =
    body.type === undefined
      ? undefined
      : await loadType(body.type, ['sources', name, 'type'], { types: indexers, problems })
  if (body.connection === undefined) {
    if (type?.connection === undefined) return type
    return complain(`${type.type} needs a connection`, 'key', 'connection')
  }
  if (typeof body.connection !== 'string') {
    complain(explainMismatch([], ['string'], body.connection), 'value', 'connection')
    return type
  }
  const connection = connections.find((candidate) => candidate.name === body.connection)
  if (connection === undefined) {
    const known = connections.map((candidate) => candidate.name)
    complain(`no such connection${hint(body.connection, known)}`, 'value', 'connection')
    return type
  }
  if (connection.type === undefined) return type
  if (!Object.hasOwn(indexers, connection.type.type)) {
    const known = Object.keys(indexers).join(', ')
    const message = `metrics are computed in ${connection.name}, but no source is read from a connection of type ${connection.type.type}; known: ${known}`
    return complain(message, 'value', 'connection')
  }
  if (type === undefined || type.type === connection.type.type) {
    return body.type === undefined ? (await indexers[connection.type.type]?.())?.default : type
  }
  return complain(
    `${connection.name} is a connection of type ${connection.type.type}, not ${type.type}`,
    'value',
    'connection',
  )
}

function partition(map: RawMap, isFirst: (key: string) => boolean): readonly [RawMap, RawMap] {
  const entries = Object.entries(map)
  return [
    Object.fromEntries(entries.filter(([key]) => isFirst(key))),
    Object.fromEntries(entries.filter(([key]) => !isFirst(key))),
  ]
}
