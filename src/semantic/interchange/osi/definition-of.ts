import { isMap } from '../item.ts'

/** Keys whose value the schema parsed from a duration to milliseconds. */
const durations = ['freshness', 'within', 'every']

/** A part of a layer as a file of the folder would say it: nothing that is empty, durations as text. */
export function definitionOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(definitionOf)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, of]) => {
      if (of === undefined || (Array.isArray(of) && of.length === 0)) return []
      if (isMap(of) && Object.keys(of).length === 0) return []
      return [[key, durations.includes(key) && typeof of === 'number' ? durationText(of) : definitionOf(of)]]
    }),
  )
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
] as const

function durationText(ms: number): string {
  const [size, unit] = units.find(([one]) => ms > 0 && ms % one === 0) ?? [1, 'ms']
  return `${String(ms / size)}${unit}`
}
