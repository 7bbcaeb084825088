import { Name } from '../../../schemas/metrics.ts'
import { isMap, type Item } from './item.ts'

/** Why one object cannot be carried over, and where. Ends the conversion of that object alone. */
export class RefusedError extends Error {
  readonly place: string

  constructor(message: string, place: string) {
    super(message)
    this.name = 'RefusedError'
    this.place = place
  }
}

export function refuse(item: Item, message: string): never {
  throw new RefusedError(message, item.place)
}

/** A scalar as text; undefined where it is missing. */
export function text(item: Item, key: string): string | undefined {
  const found = item.get(key)
  return found === undefined ? undefined : scalar(found, key)
}

export function scalar(item: Item, key = 'this'): string {
  const { value } = item
  if (typeof value === 'string') return value.trim()
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return refuse(item, `${key} has to be text`)
}

/** SQL or the name of something in a database: what dbt would fill in is not known here. */
export function sql(item: Item, key: string): string | undefined {
  const said = text(item, key)
  if (said === undefined || !/\{\{|\{%/.test(said)) return said
  return refuse(item.get(key) ?? item, `${key} is a template that dbt fills in; import its semantic_manifest.json`)
}

export function required(item: Item, key: string): string {
  return text(item, key) ?? refuse(item, `${key} is missing`)
}

/** One of a few words, in whichever case it is written. */
export function word(item: Item, key: string): string | undefined {
  return text(item, key)?.toLowerCase()
}

export function flag(item: Item, key: string): boolean {
  const found = item.get(key)
  if (found === undefined) return false
  // YAML 1.1, in which much of this is written, takes more words for a truth value than 1.2.
  const said = scalar(found, key).toLowerCase()
  if (['true', 'yes', 'on'].includes(said)) return true
  return ['false', 'no', 'off'].includes(said) ? false : refuse(found, `${key} has to be true or false`)
}

export function number(item: Item, key: string): number | undefined {
  const found = item.get(key)
  if (found === undefined) return undefined
  const value = Number(scalar(found, key))
  return Number.isFinite(value) ? value : refuse(found, `${key} has to be a number`)
}

export function list(item: Item, key: string): readonly Item[] {
  return item.get(key)?.items() ?? []
}

/** Only the maps of a list; what else stands in it is refused. */
export function maps(item: Item, key: string): readonly Item[] {
  return list(item, key).map((one) => (isMap(one.value) ? one : refuse(one, `${key} has to be a list of maps`)))
}

/** A name that ours can be; refused with one that could. */
export function checkName(name: string, item: Item): string {
  if (Name.safeParse(name).success) return name
  const shown = JSON.stringify(name.slice(0, 80))
  const form = 'a name has up to 63 lower-case letters, digits and single _, and begins with a letter'
  return refuse(item, `${shown} cannot be a name here: ${form}; call it ${toName(name)}`)
}

/** The nearest name that ours can be. */
export function toName(text: string): string {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  const joined = words.join('_').slice(0, 63).replace(/_$/, '')
  return /^[a-z]/.test(joined) ? joined : `the_${joined}`.slice(0, 63).replace(/_$/, '')
}
