import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CheckNote, KeepAnswer } from '../../src/core/ledger-numbers.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import { openTempDir } from './temp-dir.ts'

const note: CheckNote = {
  metric: 'revenue',
  name: 'stores known',
  definition: 'd1',
  status: 'failed',
  message: '3 of 941 rows have no store',
  at: '2026-01-02T03:04:05.678Z',
}

const answer: KeepAnswer = {
  name: 'by_month',
  policy: 'unrestricted',
  definition: 'd1',
  columns: [
    { name: 'metric_time__month', type: 'timestamp' },
    { name: 'revenue', type: 'number' },
  ],
  watermark: 'w1',
  asOf: '2026-03-02T00:00:00.000Z',
  since: undefined,
  parts: [
    { period: '2026-01-01T00:00:00', rows: [['2026-01-01T00:00:00', 1.1]] },
    {
      period: '2026-02-01T00:00:00',
      rows: [
        ['2026-02-01T00:00:00', '99999999999999999.25'],
        ['2026-02-01T00:00:00', null],
      ],
    },
    { period: 'null', rows: [[null, 3]] },
  ],
}
const identity = { name: answer.name, policy: answer.policy, definition: answer.definition }
const whole = { ...identity, from: undefined, until: undefined }

/** What every driver of the ledger must do with what is known of numbers. */
export function describeLedgerNumbers(name: string, open: () => Promise<Ledger>): void {
  describe(`${name}: numbers`, () => {
    test('the outcome of a check is kept, replaced by a later one only, and forgotten with its definition', async () => {
      await using ledger = await open()
      await ledger.noteChecks({ notes: [note, { ...note, name: 'fresh', status: 'passed', message: null }] })
      const later = { ...note, status: 'passed' as const, at: '2026-01-02T03:04:06.000Z' }
      await ledger.noteChecks({ notes: [later] })
      await ledger.noteChecks({ notes: [note] })
      expect(await ledger.checkNotes()).toEqual([{ ...note, name: 'fresh', status: 'passed', message: null }, later])
      await ledger.forgetNumbers({ checks: [{ metric: 'revenue', name: 'stores known' }], kept: [] })
      expect(await ledger.checkNotes()).toEqual([later])
    })

    test('a kept answer is read back as it was, whole or some periods of it', async () => {
      await using ledger = await open()
      expect(await ledger.keptAnswer(whole)).toBeUndefined()
      expect(await ledger.keepAnswer(answer)).toEqual({ kept: true })
      const { since: _since, parts, ...head } = answer
      expect(await ledger.keptAnswer(whole)).toEqual({ ...head, rows: parts.flatMap(({ rows }) => rows) })
      const february = await ledger.keptAnswer({ ...identity, from: '2026-01-02', until: '2026-03-01T00:00:00' })
      expect(february?.rows).toEqual(parts[1]?.rows)
      const later = await ledger.keptAnswer({ ...whole, from: '2026-01-02' })
      expect(later?.rows).toEqual(parts[1]?.rows)
      expect(await ledger.keptAnswer({ ...whole, definition: 'd2' })).toBeUndefined()
      expect(await ledger.keptAnswer({ ...whole, policy: 'another' })).toBeUndefined()
      expect(await ledger.keptStates()).toEqual([
        {
          ...identity,
          watermark: 'w1',
          asOf: answer.asOf,
          complete: true,
          firstPeriod: '2026-01-01T00:00:00',
          lastPeriod: '2026-02-01T00:00:00',
          lastError: undefined,
        },
      ])
    })

    test('an answer sent twice is kept once, an older one loses, another definition replaces everything', async () => {
      await using ledger = await open()
      await ledger.keepAnswer(answer)
      expect(await ledger.keepAnswer(answer)).toEqual({ kept: true })
      expect((await ledger.keptAnswer(whole))?.rows).toHaveLength(4)
      const older = { ...answer, asOf: '2026-03-01T23:59:59.999Z', parts: [] }
      expect(await ledger.keepAnswer(older)).toEqual({ kept: false })
      expect((await ledger.keptAnswer(whole))?.rows).toHaveLength(4)
      await ledger.keepAnswer({ ...answer, definition: 'd2', parts: [{ period: '', rows: [[null, 7]] }] })
      expect(await ledger.keptAnswer(whole)).toBeUndefined()
      expect((await ledger.keptAnswer({ ...whole, definition: 'd2' }))?.rows).toEqual([[null, 7]])
      await ledger.forgetNumbers({ checks: [], kept: ['another'] })
      expect(await ledger.keptStates()).toEqual([])
    })

    test('changed periods replace their own rows, and only on top of the answer they were computed for', async () => {
      await using ledger = await open()
      await ledger.keepAnswer(answer)
      const changed: KeepAnswer = {
        ...answer,
        watermark: 'w2',
        asOf: '2026-03-03T00:00:00.000Z',
        since: { period: '2026-02-01T00:00:00', base: answer.asOf },
        parts: [
          { period: '2026-02-01T00:00:00', rows: [['2026-02-01T00:00:00', 5]] },
          { period: '2026-03-01T00:00:00', rows: [['2026-03-01T00:00:00', 6]] },
        ],
      }
      const elsewhere = { ...changed, since: { period: '2026-02-01T00:00:00', base: '2026-03-01T00:00:00.000Z' } }
      expect(await ledger.keepAnswer(elsewhere)).toEqual({ kept: false })
      expect(await ledger.keepAnswer({ ...changed, definition: 'd2' })).toEqual({ kept: false })
      expect(await ledger.keepAnswer(changed)).toEqual({ kept: true })
      expect(await ledger.keptAnswer(whole)).toMatchObject({
        watermark: 'w2',
        asOf: changed.asOf,
        rows: [
          ['2026-01-01T00:00:00', 1.1],
          ['2026-02-01T00:00:00', 5],
          ['2026-03-01T00:00:00', 6],
        ],
      })
    })

    test('a failure is told and leaves the answer; one that was never computed answers nothing', async () => {
      await using ledger = await open()
      const error = { code: 'METRIC_TIMEOUT' as const, message: 'no answer', fix: 'ask for less' }
      const at = '2026-03-03T00:00:00.000Z'
      await ledger.noteKeptFailure({ ...identity, error, at })
      expect(await ledger.keptAnswer(whole)).toBeUndefined()
      expect(await ledger.keptStates()).toMatchObject([
        { complete: false, asOf: undefined, lastError: { ...error, at } },
      ])
      await ledger.keepAnswer(answer)
      expect(await ledger.keptStates()).toMatchObject([{ complete: true, lastError: undefined }])
      await ledger.noteKeptFailure({ ...identity, error, at })
      expect((await ledger.keptAnswer(whole))?.rows).toHaveLength(4)
      await ledger.confirmAnswer({ ...identity, watermark: 'w1', asOf: at })
      expect(await ledger.keptStates()).toMatchObject([{ asOf: at, lastError: undefined }])
      await ledger.confirmAnswer({ ...identity, watermark: 'w2', asOf: '2026-03-04T00:00:00.000Z' })
      expect((await ledger.keptAnswer(whole))?.asOf).toBe(at)
      await ledger.noteKeptFailure({ ...identity, definition: 'd2', error, at })
      expect(await ledger.keptAnswer(whole)).toBeUndefined()
      expect(await ledger.keptStates()).toMatchObject([{ definition: 'd2', complete: false, firstPeriod: undefined }])
    })

    test('text that JSON has to escape comes back unharmed', async () => {
      await using ledger = await open()
      const odd = ['\u0000', '\ud800', 'a\\b"\n\t', '\u2028']
      await ledger.keepAnswer({ ...answer, parts: [{ period: '', rows: [odd] }] })
      expect((await ledger.keptAnswer(whole))?.rows).toEqual([odd])
    })

    test('a lease is one process’s until it is dropped or has run out', async () => {
      await using ledger = await open()
      expect(await ledger.takeLease({ name: 'numbers', run: 'a', leaseMs: 60_000 })).toBe(true)
      expect(await ledger.takeLease({ name: 'numbers', run: 'a', leaseMs: 60_000 })).toBe(true)
      expect(await ledger.takeLease({ name: 'numbers', run: 'b', leaseMs: 60_000 })).toBe(false)
      await ledger.dropLease({ name: 'numbers', run: 'b' })
      expect(await ledger.takeLease({ name: 'numbers', run: 'b', leaseMs: 60_000 })).toBe(false)
      await ledger.dropLease({ name: 'numbers', run: 'a' })
      expect(await ledger.takeLease({ name: 'numbers', run: 'b', leaseMs: 0 })).toBe(true)
      expect(await ledger.takeLease({ name: 'numbers', run: 'c', leaseMs: 1000 })).toBe(true)
    })

    test('a backup holds what is known of numbers', async () => {
      await using folder = await openTempDir()
      const path = join(folder.path, 'backup')
      await using ledger = await open()
      await ledger.noteChecks({ notes: [note] })
      await ledger.keepAnswer(answer)
      await ledger.backup({ path })
      await using other = await open()
      await other.noteChecks({ notes: [{ ...note, name: 'gone' }] })
      await other.restore({ path })
      expect(await other.checkNotes()).toEqual([note])
      expect((await other.keptAnswer(whole))?.rows).toHaveLength(4)
    })
  })
}
