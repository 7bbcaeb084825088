import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { EngineResult } from '../engine.ts'
import type { Context } from '../build/context.ts'
import { column, fromQuery, select } from '../sql/sql.ts'
import { momentOf, partOf, rowsOf } from './check-context.ts'
import { failed, passed, type CheckPart, type CompiledCheck, type Finding } from './compiled-check.ts'
import { toInstant } from './to-instant.ts'

/** A time dimension that has to be fresh, with what its statement is built with. */
export interface FreshTime {
  readonly context: Context
  readonly model: string
  readonly time: string
}

/** Whether the newest row of each is no older than this; a time without a zone is taken for UTC. */
export function checkFreshness(times: readonly FreshTime[], withinMs: number): CompiledCheck {
  return {
    parts: times.map(newest),
    judge: (results, nowMs) => {
      const findings = times.map((time, index) => judge(time, results[index], { withinMs, nowMs }))
      const bad = findings.filter(({ status }) => status === 'failed')
      return (bad.length > 0 ? bad : findings).reduce((all, { status, message }) => ({
        status,
        message: `${all.message} ${message}`,
      }))
    },
  }
}

function newest({ context, model, time }: FreshTime): CheckPart {
  const rows = rowsOf(context, model, [{ name: 'v', sql: momentOf(context.layer, model, time) }])
  const query = select({
    columns: [{ name: 'newest', sql: { kind: 'aggregate', aggregate: 'max', of: column('v', 's') } }],
    from: fromQuery('s', rows),
  })
  return partOf(context, query)
}

function judge(
  { context, model, time }: FreshTime,
  result: EngineResult | undefined,
  { withinMs, nowMs }: { readonly withinMs: number; readonly nowMs: number },
): Finding {
  const cell = result?.rows[0]?.[0] ?? null
  if (cell === null) return failed(`No row of ${model} has a time.`)
  const zone = zoneOf(context.layer, model, time)
  const at = toInstant(String(cell), zone ?? 'UTC')
  if (at === undefined) return failed(`The newest ${time} of ${model} is no time of the calendar.`)
  const note = zone === undefined ? `, if ${time} is in UTC` : ''
  const age = `The newest row of ${model} is ${ageText(nowMs - at)} old${note}`
  if (nowMs - at <= withinMs) return passed(`${age}.`)
  return failed(`${age}; promised are ${ageText(withinMs)}.`)
}

function zoneOf({ models }: MetricLayer, model: string, time: string): string | undefined {
  const dimension = models[model]?.dimensions[time]
  return dimension?.type === 'time' ? dimension.zone : undefined
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** The two coarsest units: `3 h 20 min`; what is not yet is 0 s old. */
function ageText(ms: number): string {
  const at = units.findIndex(([, size]) => ms >= size)
  if (at === -1) return '0 s'
  let left = ms
  const parts = units.slice(at, at + 2).flatMap(([name, size]) => {
    const count = Math.floor(left / size)
    left -= count * size
    return count === 0 ? [] : [`${String(count)} ${name}`]
  })
  return parts.join(' ')
}
