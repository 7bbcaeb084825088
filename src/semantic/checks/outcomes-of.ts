import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { CheckOutcome } from '../../../schemas/numbers.ts'
import type { CheckNote } from '../../core/ledger-numbers.ts'
import { guardsOf, type Guard } from './guards-of.ts'

/** What the checks that guard these metrics last found; `never` for what was not run since its definition changed. */
export function outcomesOf(
  layer: MetricLayer,
  metrics: readonly string[],
  notes: readonly CheckNote[],
): readonly CheckOutcome[] {
  const known = byCheck(notes)
  return guardsOf(layer, metrics).map((guard) => {
    const { metric, name } = guard
    const note = noteOf(guard, known)
    if (note === undefined) return { metric, name, status: 'never', at: null, message: null }
    return { metric, name, status: note.status, at: note.at, message: note.message }
  })
}

/** The checks that never ran in this definition, or not for so long as they say. */
export function dueChecks(layer: MetricLayer, notes: readonly CheckNote[], nowMs: number): readonly Guard[] {
  const known = byCheck(notes)
  return guardsOf(layer, Object.keys(layer.metrics)).filter((guard) => {
    const note = noteOf(guard, known)
    return note === undefined || Date.parse(note.at) + guard.everyMs <= nowMs
  })
}

type Known = ReadonlyMap<string, CheckNote>

const keyOf = ({ metric, name }: { readonly metric: string; readonly name: string }): string =>
  JSON.stringify([metric, name])
const byCheck = (notes: readonly CheckNote[]): Known => new Map(notes.map((note) => [keyOf(note), note]))

function noteOf(guard: Guard, known: Known): CheckNote | undefined {
  const note = known.get(keyOf(guard))
  return note?.definition === guard.definition ? note : undefined
}
