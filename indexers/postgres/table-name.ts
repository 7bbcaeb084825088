/** A name from the configuration: each part as written, or in lower case where that is what SQL would make of it. */
export interface TableName {
  readonly schemas: readonly string[] | undefined
  readonly names: readonly string[]
}

const part = '(?:"((?:[^"]|"")+)"|([^".]+))'
const pattern = new RegExp(`^(?:${part}\\.)?${part}$`)

/** undefined for what is not `table` or `schema.table`, each part with or without double quotes. */
export function parseTableName(text: string): TableName | undefined {
  const match = pattern.exec(text.trim())
  if (match === null) return undefined
  const [, quotedSchema, schema, quotedName, name] = match
  const names = candidates(quotedName, name)
  const schemas = candidates(quotedSchema, schema)
  return { schemas: schemas.length === 0 ? undefined : schemas, names }
}

function candidates(quoted: string | undefined, plain: string | undefined): readonly string[] {
  if (quoted !== undefined) return [quoted.replaceAll('""', '"')]
  return plain === undefined ? [] : [plain, plain.toLowerCase()]
}
