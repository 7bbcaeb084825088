import type { CheckNote, KeepAnswer, KeptState, LedgerNumbers } from '../../src/core/ledger-numbers.ts'

type Kept = KeepAnswer & { readonly complete: boolean; readonly lastError: KeptState['lastError'] }

const keyOf = ({ name, policy }: { readonly name: string; readonly policy: string }): string => `${policy} ${name}`

/** What the ledger knows of numbers, in memory; leases never run out. */
export function memoryLedgerNumbers(): LedgerNumbers {
  const notes = new Map<string, CheckNote>()
  const answers = new Map<string, Kept>()
  const leases = new Map<string, string>()
  return {
    noteChecks: async (args) => {
      for (const note of args.notes) notes.set(`${note.metric} ${note.name}`, note)
    },
    checkNotes: async () =>
      [...notes.values()].toSorted((a, b) => (`${a.metric} ${a.name}` < `${b.metric} ${b.name}` ? -1 : 1)),
    keepAnswer: async (answer) => {
      const before = answers.get(keyOf(answer))
      const { since, parts } = answer
      if (since !== undefined && (before?.asOf !== since.base || before.definition !== answer.definition)) {
        return { kept: false }
      }
      const stays = since === undefined ? [] : (before?.parts ?? []).filter(({ period }) => period < since.period)
      const all = [...stays, ...parts].toSorted((a, b) => (a.period < b.period ? -1 : 1))
      answers.set(keyOf(answer), { ...answer, parts: all, complete: true, lastError: undefined })
      return { kept: true }
    },
    confirmAnswer: async ({ asOf, ...key }) => {
      const before = answers.get(keyOf(key))
      if (before?.watermark === key.watermark) answers.set(keyOf(key), { ...before, asOf, lastError: undefined })
    },
    noteKeptFailure: async ({ error, at, ...key }) => {
      const before = answers.get(keyOf(key))
      const empty = { ...key, columns: [], watermark: '', asOf: '', since: undefined, parts: [], complete: false }
      const stays = before?.definition === key.definition ? before : empty
      answers.set(keyOf(key), { ...stays, lastError: { ...error, at } })
    },
    keptStates: async () =>
      [...answers.values()].map(({ name, policy, definition, watermark, asOf, complete, parts, lastError }) => {
        const periods = parts.map(({ period }) => period).filter((period) => period !== 'null')
        const state = { name, policy, definition, watermark, complete, lastError }
        return { ...state, asOf: asOf === '' ? undefined : asOf, firstPeriod: periods[0], lastPeriod: periods.at(-1) }
      }),
    keptAnswer: async ({ from, until, ...key }) => {
      const found = answers.get(keyOf(key))
      if (found === undefined || !found.complete || found.definition !== key.definition) return undefined
      const bounded = from !== undefined || until !== undefined
      const parts = found.parts.filter(
        ({ period }) => !bounded || (period !== 'null' && period >= (from ?? '') && period < (until ?? '~')),
      )
      const { columns, watermark, asOf } = found
      return { ...key, columns, watermark, asOf, rows: parts.flatMap(({ rows }) => rows) }
    },
    forgetNumbers: async ({ checks, kept }) => {
      for (const [key, note] of notes) {
        if (!checks.some(({ metric, name }) => metric === note.metric && name === note.name)) notes.delete(key)
      }
      for (const [key, { name }] of answers) if (!kept.includes(name)) answers.delete(key)
    },
    takeLease: async ({ name, run }) => {
      const holder = leases.get(name) ?? run
      leases.set(name, holder)
      return holder === run
    },
    dropLease: async ({ name, run }) => {
      if (leases.get(name) === run) leases.delete(name)
    },
  }
}
