import { grains, type StandardGrain } from '../../condition/tree.ts'
import { isMap, type Item } from '../item.ts'
import { number, refuse, required, scalar } from '../read-item.ts'

const finer = ['nanosecond', 'microsecond']

/** `7 days`, or `{ count: 7, granularity: day }`; grains of a calendar's own too. */
export function convertWindow(item: Item | undefined, customGrains: ReadonlySet<string>): string | undefined {
  if (item === undefined) return undefined
  const [count, unit] = partsOf(item)
  if (!Number.isSafeInteger(count) || count < 1) refuse(item, 'a window is a whole number of at least 1, and a unit')
  const grain = known(unit, customGrains) ?? known(unit.replace(/s$/, ''), customGrains)
  if (grain === undefined) refuse(item, refusalOf(unit))
  return `${String(count)} ${grain}${count > 1 && isGrain(grain) ? 's' : ''}`
}

/** A calendar unit that every database has. */
export function convertGrain(item: Item | undefined): StandardGrain | undefined {
  if (item === undefined) return undefined
  const said = scalar(item, 'a grain').toLowerCase()
  return isGrain(said) ? said : refuse(item, refusalOf(said))
}

const isGrain = (text: string): text is StandardGrain => grains.some((grain) => grain === text)

export const isFiner = (text: string): boolean => finer.includes(text)

function refusalOf(unit: string): string {
  if (isFiner(unit) || isFiner(unit.replace(/s$/, ''))) return `${unit}: the finest grain here is millisecond`
  return `${unit} is no grain here; known: ${grains.join(', ')}`
}

function partsOf(item: Item): readonly [count: number, unit: string] {
  if (isMap(item.value)) return [number(item, 'count') ?? 0, required(item, 'granularity').toLowerCase()]
  const said = scalar(item, 'a window').toLowerCase()
  const [, count = '', unit = ''] = /^(\d+)\s+(\w+)$/.exec(said) ?? []
  if (unit === '') refuse(item, `${JSON.stringify(said.slice(0, 40))} is no window; write it such as 30 days`)
  return [Number(count), unit]
}

function known(unit: string, customGrains: ReadonlySet<string>): string | undefined {
  return isGrain(unit) || customGrains.has(unit) ? unit : undefined
}
