import { z } from 'zod'
import { Duration } from '../../../../schemas/config.ts'
import { MetricsFile } from '../../../../schemas/metrics.ts'
import { isMap } from '../item.ts'

/** A part of a layer as a file of the folder would say it: nothing that is empty, durations as text. */
export function definitionOf(value: unknown): unknown {
  return write(value, durationKeys())
}

function write(value: unknown, durations: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => write(one, durations))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, of]) => {
      if (of === undefined || (Array.isArray(of) && of.length === 0)) return []
      if (isMap(of) && Object.keys(of).length === 0) return []
      return [[key, durations.has(key) && typeof of === 'number' ? durationText(of) : write(of, durations)]]
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

let known: ReadonlySet<string> | undefined

/** Keys of a file whose text the schema parses to milliseconds. */
function durationKeys(): ReadonlySet<string> {
  const { pattern } = z.toJSONSchema(Duration, { io: 'input' })
  const keys = new Set<string>()
  const visit = (node: unknown, key: string): void => {
    if (Array.isArray(node)) for (const one of node) visit(one, key)
    if (!isMap(node)) return
    if (node['pattern'] === pattern) keys.add(key)
    for (const [name, below] of Object.entries(node)) {
      if (name === 'properties' && isMap(below)) for (const [own, one] of Object.entries(below)) visit(one, own)
      else visit(below, key)
    }
  }
  if (known === undefined) visit(z.toJSONSchema(MetricsFile, { io: 'input', unrepresentable: 'any' }), '')
  return (known ??= keys)
}
