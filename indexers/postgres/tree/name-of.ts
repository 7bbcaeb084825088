import { quoteName } from '../sql.ts'

interface Named {
  readonly schema: string
  readonly name: string
}

/** A table's name as SQL. */
export const nameOf = ({ schema, name }: Named): string => `${quoteName(schema)}.${quoteName(name)}`
