import type { BigIntStats, Stats } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { z } from 'zod'

/**
 * Loaded before the program (`node --import`): the machine's wall clock as if somebody had set it, again and again. What has
 * passed is measured by another clock, which nobody sets. Files have the times that such a machine would have given them.
 */
const RealDate = Date
/** From when on the clock stood how far off, in real time, oldest first. */
const History = z.array(z.tuple([z.number(), z.number()]))
let history = History.parse(JSON.parse(process.env['PROOF_CLOCK'] ?? '[]'))

const offsetAt = (ms: number): number => history.findLast(([from]) => from <= ms)?.[1] ?? 0
const now = (): number => RealDate.now() + offsetAt(Infinity)

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
})

const million = 1_000_000n

function shift(stats: Stats | BigIntStats): typeof stats {
  if ('ctimeNs' in stats) {
    stats.ctimeNs += BigInt(offsetAt(Number(stats.ctimeNs / million))) * million
    stats.mtimeNs += BigInt(offsetAt(Number(stats.mtimeNs / million))) * million
  }
  return stats
}

type Ask = (...args: never[]) => Promise<Stats | BigIntStats>

/** Looks at files through a function of the same name. */
function shifting(holder: object, name: 'stat' | 'lstat'): void {
  // Whatever is asked and answered goes through unchanged but for the times.
  const ask = Reflect.get(holder, name) as Ask
  Reflect.set(holder, name, async function (this: unknown, ...args: never[]) {
    return shift(await ask.apply(this, args))
  })
}

for (const name of ['stat', 'lstat'] as const) shifting(fs, name)
const handle = await fs.open(process.execPath)
shifting(Object.getPrototypeOf(handle) as object, 'stat')
await handle.close()
syncBuiltinESMExports()

process.on('message', (message) => {
  history = History.parse(message)
})
// Whoever listens to the parent would never end.
process.channel?.unref()
