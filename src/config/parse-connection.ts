import { explain } from './explain.ts'
import { connectionJsonSchema } from './json-schema.ts'
import { connectionTypes, loadType, type ConnectionType, type Types } from './load-type.ts'
import type { RawMap } from './named-maps.ts'
import type { Problem } from './problem.ts'

export interface ParsedConnection {
  readonly name: string
  /** undefined where it could not be told; then there is a problem already. */
  readonly type: ConnectionType | undefined
  readonly options: unknown
}

export async function parseConnection(
  name: string,
  body: RawMap,
  { types, problems }: { types: Types; problems: Problem[] },
): Promise<ParsedConnection> {
  const path = ['connections', name]
  const { type: typeName, ...own } = body
  const type = await loadType(typeName, [...path, 'type'], { types: connectionTypes(types), problems })
  if (type === undefined) return { name, type, options: undefined }
  if (type.connection === undefined) {
    const message = `${type.type} needs no connection; write \`type: ${type.type}\` in the source`
    problems.push({ path: [...path, 'type'], at: 'value', message })
    return { name, type, options: undefined }
  }
  const options = type.connection.safeParse(own)
  if (options.success) return { name, type, options: options.data }
  const schema = connectionJsonSchema(type)
  problems.push(...explain(options.error.issues, { raw: own, prefix: path, schema }))
  return { name, type, options: undefined }
}
