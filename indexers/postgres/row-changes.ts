import type { Change, Json } from '../../schemas/record.ts'
import { ownValues } from './batch.ts'
import type { Batch, ReadRow } from './batch.ts'
import type { ParseValue } from './parse-value.ts'
import type { Relation } from './relation.ts'

const longestKey = 2000

export interface RowContext {
  readonly source: string
  readonly position: string
  readonly relation: Relation
  readonly parsers: readonly ParseValue[]
  readonly digest: (canonical: string) => string
}

/** The change that tells of a row; a row without a key of its own is set aside, never written over another. */
export function toChange({ row, repeated }: Batch['items'][number], context: RowContext): Change {
  const { source, position, relation } = context
  const key = row[0]
  const problem = keyProblem(key, repeated)
  if (typeof key !== 'string' || problem !== undefined) {
    const message = `Source ${source}: ${problem ?? nullKey}.`
    return { kind: 'reject', source, position, key: shownKey(key), code: 'RECORD_INVALID', message }
  }
  const modifiedAt = modifiedAtOf(row, relation)
  return {
    kind: 'put',
    source,
    position,
    key,
    digest: rowDigest(row[1], context),
    content: { kind: 'row', row: parseRow(row, context) },
    ...(modifiedAt === undefined ? {} : { modifiedAt }),
  }
}

const nullKey = 'a row has no key: it is NULL'

/** Why rows cannot be told apart by this key; undefined when they can. */
export function keyProblem(key: string | null | undefined, repeated: boolean): string | undefined {
  if (key === null || key === undefined) return nullKey
  if (key === '') return 'a row has no key: it is empty'
  if (key.length > longestKey) return `a key is longer than ${longestKey} characters`
  return repeated ? 'several rows have this key' : undefined
}

/** Digest of a row as it was read, with the names and types of its columns: `5` may be a number or a text. */
export function rowDigest(
  hash: string | null | undefined,
  { relation, digest }: Pick<RowContext, 'relation' | 'digest'>,
): string {
  const { wide, columns } = relation
  return digest(`${JSON.stringify(wide?.typed ?? columns.map(({ name, typeId }) => [name, typeId]))}\n${hash ?? ''}`)
}

/** Whether a row can have had this key: it stands for none, or was cut to be shown, otherwise. */
export function isRealKey(key: string): boolean {
  return key !== shownKey(null) && key !== shownKey('') && key.length < longestKey
}

function shownKey(key: string | null | undefined): string {
  if (key === null || key === undefined) return '(NULL)'
  return key === '' ? '(empty)' : key.slice(0, longestKey)
}

function parseRow(row: ReadRow, { relation, parsers }: RowContext): Record<string, Json> {
  return Object.fromEntries(
    relation.columns.map(({ name }, at) => {
      const text = row[ownValues + at] ?? null
      const parse = parsers[at]
      return [name, text === null || parse === undefined ? text : parse(text)]
    }),
  )
}

/** The time in the cursor column, in ISO 8601; one without a zone is taken as UTC. */
function modifiedAtOf(row: ReadRow, { columns, cursor }: Relation): string | undefined {
  if (cursor === undefined || !cursor.isTime) return undefined
  const text = row[ownValues + columns.findIndex(({ name }) => name === cursor.name)] ?? ''
  const [, date, time] = /^(\d{4}-\d\d-\d\d)(?: ([\d:.]+)(?:\+00)?)?$/.exec(text) ?? []
  if (date === undefined) return undefined
  return time === undefined ? date : `${date}T${time}Z`
}
