import type { Json } from '../../schemas/record.ts'
import { parseArray } from './parse-array.ts'
import { parseJson } from '../../src/core/lossless-json.ts'

/** What Postgres's catalog says of a type. */
export interface PostgresType {
  /** Object id, as are `base` and `item`. */
  readonly id: string
  /** Of a domain. */
  readonly base: string | undefined
  /** Of an array. */
  readonly item: string | undefined
  readonly delimiter: string
}

export type ParseValue = (text: string) => Json

/** Built-in types with a JSON form of their own, by object id; text stays exactly as Postgres prints it for all others. */
const parsers: Readonly<Record<string, ParseValue>> = {
  16: (text) => text === 't',
  21: Number,
  23: Number,
  26: Number,
  700: parseFloating,
  701: parseFloating,
  114: parseJson,
  3802: parseJson,
  1114: toIsoTimestamp,
  1184: toIsoTimestamp,
  1266: (text) => text.replace(/([+-]\d\d)$/, '$1:00'),
}

/** How to read the text of this type as JSON without loss. */
export function parserOf(id: string, types: ReadonlyMap<string, PostgresType>): ParseValue {
  const type = types.get(id)
  if (type?.base !== undefined) return parserOf(type.base, types)
  if (type?.item === undefined) return parsers[id] ?? ((text) => text)
  const parseItem = parserOf(type.item, types)
  return (text) => parseArray(text, type.delimiter, parseItem)
}

function parseFloating(text: string): Json {
  const value = Number(text)
  return Number.isFinite(value) && !Object.is(value, -0) ? value : text
}

/** `2024-01-02 03:04:05.123456+00` in ISO 8601; `infinity` and years before Christ have no such form and stay. */
function toIsoTimestamp(text: string): string {
  const [, date, time, zone = ''] = /^(\d{4,}-\d\d-\d\d) ([\d:.]+)(\+00)?$/.exec(text) ?? []
  return date === undefined || time === undefined ? text : `${date}T${time}${zone === '' ? '' : 'Z'}`
}
