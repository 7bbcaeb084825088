import { expect, test } from 'vitest'
import { markRepeats } from '../../indexers/postgres/batch.ts'
import { addMark, settleMarks } from '../../indexers/postgres/marks.ts'
import type { Marks, Running } from '../../indexers/postgres/marks.ts'
import { startPace } from '../../src/core/pace.ts'
import { checkHistory, isWhole, planRound } from '../../indexers/postgres/plan.ts'
import type { Cursor } from '../../indexers/postgres/cursor.ts'
import type { Relation } from '../../indexers/postgres/relation.ts'
import type { Rows } from '../../indexers/postgres/session.ts'
import { collect } from '../kit/indexer-reading.ts'

const none: Marks = { safe: null, pending: [] }
const moment = { xmin: '100', xmax: '100', asOf: '', history: 'h', inRecovery: false }
const running = (virtual: string[], prepared: string[] = [], xmax = '100'): Running => ({ virtual, prepared, xmax })

test('with nobody else at work, what was read is safe at once', () => {
  expect(addMark(none, 'v1', moment, running([]))).toEqual({ safe: 'v1', pending: [] })
})

test('somebody who came and went while it was read makes it wait for the next round', () => {
  const marks = addMark(none, 'v1', moment, running([], [], '101'))
  expect(marks).toEqual({ safe: null, pending: [{ value: 'v1', waiting: [] }] })
  expect(settleMarks(marks, running([]))).toEqual({ safe: 'v1', pending: [] })
})

test('a value is safe once those who were at work then have ended, whoever is at work now', () => {
  const first = addMark(none, 'v1', moment, running(['1/1', '2/2']))
  const second = settleMarks(first, running(['2/2', '3/3']))
  expect(second).toEqual({ safe: null, pending: [{ value: 'v1', waiting: ['2/2'] }] })
  const third = addMark(second, 'v2', moment, running(['2/2', '3/3']))
  expect(settleMarks(third, running(['3/3']))).toEqual({ safe: 'v1', pending: [{ value: 'v2', waiting: ['3/3'] }] })
})

test('whoever is gone may be prepared, and is waited for under that name', () => {
  const first = addMark(none, 'v1', moment, running(['1/1']))
  const second = settleMarks(first, running([], ['prepared 7']))
  expect(second).toEqual({ safe: null, pending: [{ value: 'v1', waiting: ['prepared 7'] }] })
  expect(settleMarks(second, running([], ['prepared 8']))).toEqual({
    safe: null,
    pending: [{ value: 'v1', waiting: ['prepared 8'] }],
  })
  expect(settleMarks(second, running([])).safe).toBe('v1')
})

test('a value that did not grow keeps its older mark, and marks do not pile up', () => {
  let marks = addMark(none, 'v0', moment, running(['1/1']))
  expect(addMark(marks, 'v0', moment, running(['9/9']))).toBe(marks)
  for (let round = 1; round < 200; round += 1) marks = addMark(marks, `v${round}`, moment, running(['1/1']))
  expect(marks.pending.length).toBeLessThanOrEqual(33)
  expect([marks.pending[0]?.value, marks.pending.at(-1)?.value]).toEqual(['v0', 'v199'])
})

const place = { subject: 'Source s', what: 't' }
const relation: Relation = {
  place,
  from: 't as q',
  table: { schema: 'public', name: 't' },
  columns: [],
  key: ['id'],
  order: ['id'],
  cursor: undefined,
  parts: ['1'],
  hasXmin: true,
}
const wide: NonNullable<Relation['wide']> = {
  list: '',
  joins: '',
  hash: '',
  branches: [],
  typed: [],
  shape: [],
  settles: true,
  describe: '',
  described: [],
}
const cursor: Cursor = {
  version: 1,
  history: 'h',
  shape: 's',
  parts: ['1'],
  xmin: '100',
  xmax: '100',
  asOf: '',
  marks: none,
  pass: null,
}

test('a round reads everything, goes on with that, then what changed, then nothing while nobody writes', () => {
  const later = { ...moment, xmin: '105', xmax: '110' }
  expect(planRound(undefined, relation, moment, false)).toEqual({ kind: 'pass', after: [] })
  expect(planRound({ ...cursor, pass: { after: ['7'] } }, relation, later, false)).toEqual({
    kind: 'pass',
    after: ['7'],
  })
  expect(planRound(cursor, relation, moment, false)).toEqual({ kind: 'nothing' })
  expect(planRound({ ...cursor, xmin: '99' }, relation, moment, false)).toMatchObject({
    kind: 'changed',
    values: ['99', '1'],
  })
  expect(planRound(cursor, relation, later, false)).toEqual({
    kind: 'changed',
    where: '((q.xmin::text::bigint - $1::bigint) & 4294967295) < $2::bigint',
    values: ['100', '10'],
  })
  expect(planRound(cursor, { ...relation, parts: ['1', '2'] }, moment, false)).toEqual({
    kind: 'changed',
    where: '(((q.xmin::text::bigint - $1::bigint) & 4294967295) < $2::bigint or q.tableoid = any($3::oid[]))',
    values: ['100', '0', '{2}'],
  })
})

test('what has neither xmin nor cursor is read whole each time', () => {
  const view = { ...relation, hasXmin: false }
  expect([isWhole(relation, 'poll'), isWhole(relation, 'snapshot'), isWhole(view, 'poll')]).toEqual([false, true, true])
  expect(planRound(undefined, view, moment, false)).toEqual({ kind: 'pass', after: [] })
})

test('a record of several tables is read whole, and not at all while nobody writes', () => {
  const tree = { ...relation, hasXmin: false, wide }
  expect(isWhole(tree, 'poll')).toBe(true)
  expect(planRound(cursor, tree, moment, false)).toEqual({ kind: 'nothing' })
  expect(planRound(cursor, tree, { ...moment, xmax: '101' }, false)).toEqual({ kind: 'pass', after: [] })
  expect(planRound({ ...cursor, xmin: '99' }, tree, moment, false)).toEqual({ kind: 'pass', after: [] })
  expect(planRound(cursor, { ...tree, wide: { ...wide, settles: false } }, moment, false)).toEqual({
    kind: 'pass',
    after: [],
  })
})

test('a cursor of another history is refused', () => {
  expect(() => checkHistory(cursor, relation, 's', moment)).not.toThrow()
  expect(() => checkHistory(cursor, relation, 's', { ...moment, history: 'x' })).toThrow('the database is not the one')
  expect(() => checkHistory(cursor, relation, 's', { ...moment, xmax: '99' })).toThrow('went back in time')
  expect(() => checkHistory(cursor, relation, 'x', moment)).toThrow('the columns of t')
})

async function* pagesOf(...pages: readonly (readonly (string | null)[])[]): AsyncGenerator<Rows> {
  for (const keys of pages) yield { columns: [], rows: keys.map((key, at) => [key, String(at)]) }
}

test('keys that repeat are marked across pages, and a batch ends before the row that is still open', async () => {
  const batches = await collect(markRepeats(pagesOf(['a', 'b'], ['b'], ['b', 'c', null], [null])))
  expect(batches.map(({ items, after }) => [items.map(({ row, repeated }) => `${row[0]} ${repeated}`), after])).toEqual(
    [
      [['a false'], ['a']],
      [['b true', 'c false'], ['c']],
      [['null true'], ['']],
    ],
  )
})

const page = (rows: number, characters: number): Rows => ({
  columns: [],
  rows: Array.from({ length: rows }, () => ['x'.repeat(characters)]),
})

test('a page grows with short rows and shrinks to one with huge ones', () => {
  const pace = startPace()
  expect(pace.rows).toBe(100)
  for (const expected of [400, 1600, 5000]) {
    pace.observe(page(pace.rows, 10).rows)
    expect(pace.rows).toBe(expected)
  }
  pace.observe(page(3, 1_000_000).rows)
  expect(pace.rows).toBe(1)
  pace.observe(page(0, 0).rows)
  expect(pace.rows).toBe(1)
})
