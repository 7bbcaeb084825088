import { uptime } from 'node:os'
import { z } from 'zod'
import type { Json } from '../../schemas/record.ts'

const Cursor = z.strictObject({
  /** Start of the last round that left nothing out; absent: everything is read. */
  startedAtMs: z.number().optional(),
  /** When the machine was started, by the clock of then: another time means another clock. */
  bootedAtMs: z.number().optional(),
  mounts: z.record(z.string(), z.string()),
  /** Keys of files and folders that could not be read, whatever their times say next time. */
  again: z.array(z.string()),
})
export type Cursor = z.infer<typeof Cursor>

const nothing: Cursor = { mounts: {}, again: [] }

/** How far off the start of the machine may seem, for what is rounded, and what a clock is adjusted by little by little. */
const driftMs = 500

/** When this machine was started, as its clock shows it now. */
export const bootedAt = (nowMs: number): number => Math.round(nowMs - uptime() * 1000)

/**
 * A cursor that means nothing reads everything; so does one that was made by another clock, or before this one was set: the
 * times of files mean nothing to it.
 */
export function parseCursor(cursor: Json | undefined, nowMs: number): Cursor {
  const { success, data } = Cursor.safeParse(cursor)
  if (!success) return nothing
  const { startedAtMs = 0, bootedAtMs = 0 } = data
  const isOtherClock = Math.abs(bootedAt(nowMs) - bootedAtMs) > driftMs
  return startedAtMs > nowMs || isOtherClock ? { ...data, startedAtMs: undefined } : data
}
