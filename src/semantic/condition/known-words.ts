import { hint } from '../../core/nearest.ts'
import { ConditionError } from './condition-error.ts'
import type { Token } from './read-tokens.ts'
import { type CastType, type DatePart, dateParts, type FunctionName, grains, type StandardGrain } from './tree.ts'

interface KnownFunction {
  readonly name: FunctionName
  readonly least: number
  readonly most: number
}

const takes = (name: FunctionName, least: number, most = least): KnownFunction => ({ name, least, most })
const many = Number.POSITIVE_INFINITY

const functions: ReadonlyMap<string, KnownFunction> = new Map([
  ['abs', takes('abs', 1)],
  ['ceil', takes('ceil', 1)],
  ['ceiling', takes('ceil', 1)],
  ['char_length', takes('length', 1)],
  ['coalesce', takes('coalesce', 1, many)],
  ['concat', takes('concat', 2, many)],
  ['floor', takes('floor', 1)],
  ['greatest', takes('greatest', 2, many)],
  ['ifnull', takes('coalesce', 2)],
  ['least', takes('least', 2, many)],
  ['length', takes('length', 1)],
  ['lower', takes('lower', 1)],
  ['nullif', takes('nullif', 2)],
  ['nvl', takes('coalesce', 2)],
  ['round', takes('round', 1, 2)],
  ['trim', takes('trim', 1)],
  ['upper', takes('upper', 1)],
])

/** What databases call them. Lengths and precisions (`varchar(20)`) would change values and are not read. */
const castTypes: ReadonlyMap<string, CastType> = new Map([
  ['bigint', 'integer'],
  ['bool', 'boolean'],
  ['boolean', 'boolean'],
  ['date', 'date'],
  ['datetime', 'timestamp'],
  ['decimal', 'number'],
  ['double', 'number'],
  ['float', 'number'],
  ['int', 'integer'],
  ['integer', 'integer'],
  ['number', 'number'],
  ['numeric', 'number'],
  ['real', 'number'],
  ['smallint', 'integer'],
  ['string', 'text'],
  ['text', 'text'],
  ['timestamp', 'timestamp'],
  ['timestamptz', 'timestamp'],
  ['varchar', 'text'],
])

const dateWords: ReadonlyMap<string, DatePart> = new Map([
  ...dateParts.map((part) => [part, part] as const),
  ['isodow', 'dow'],
  ['dayofyear', 'doy'],
])

const grainWords: ReadonlyMap<string, StandardGrain> = new Map(grains.map((grain) => [grain, grain]))

/** Functions with a form of their own: `cast(x as date)`. */
const specialFunctions = ['cast', 'date_trunc', 'extract', 'metric']

const aggregates: ReadonlySet<string> = new Set(['avg', 'count', 'max', 'median', 'min', 'sum'])

export function knownFunction(token: Token): KnownFunction {
  if (aggregates.has(token.text.toLowerCase())) {
    const fix = 'what is aggregated is a metric, as in metric(bookings, listing)'
    throw new ConditionError(`expected a function of one row, found ${token.text}; ${fix}`, token.at)
  }
  const names = [...new Set([...functions.values()].map(({ name }) => name)), ...specialFunctions].sort()
  return lookUp(functions, token, 'a function', names)
}

export const knownCastType = (token: Token): CastType => lookUp(castTypes, token, 'a type')

export const knownDatePart = (token: Token): DatePart => lookUp(dateWords, token, 'a part of a date', dateParts)

export const knownGrain = (token: Token): StandardGrain => lookUp(grainWords, token, 'a grain')

function lookUp<T>(
  known: ReadonlyMap<string, T>,
  { text, at }: Token,
  what: string,
  shown: readonly string[] = [...known.keys()],
): T {
  const found = known.get(text.toLowerCase())
  if (found !== undefined) return found
  const short = text.slice(0, 40)
  throw new ConditionError(`expected ${what}, found ${short}${hint(short, shown)}`, at)
}
