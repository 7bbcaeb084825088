import { expect, test } from 'vitest'
import { readPageCursor, writePageCursor } from '../../src/search/page-cursor.ts'

const plan = {
  query: 'refunds',
  filter: { readable: ['*', 'staff'], sources: undefined, facets: [] },
  limit: 10,
  tokenBudget: 6000,
  neighbours: 1,
  languages: ['english'],
}
const ann = { id: 'ann', groups: ['staff'], admin: false }

test('a cursor leads its caller back to where the page ended', () => {
  expect(readPageCursor('secret', plan, ann, writePageCursor('secret', plan, ann, 20))).toBe(20)
})

test.for([
  ['another caller', { caller: { ...ann, id: 'bob' } }],
  ['other groups', { caller: { ...ann, groups: [] } }],
  ['another query', { plan: { ...plan, query: 'returns' } }],
  ['other filters', { plan: { ...plan, filter: { ...plan.filter, facets: [['kind=x']] } } }],
  ['another deployment', { secret: 'other' }],
] as const)('a cursor is refused with %s', ([, changed]) => {
  const cursor = writePageCursor('secret', plan, ann, 20)
  const { secret, caller, plan: asked } = { secret: 'secret', caller: ann, plan, ...changed }
  expect(() => readPageCursor(secret, asked, caller, cursor)).toThrow(
    expect.objectContaining({ code: 'PAGE_CURSOR_INVALID' }),
  )
})

test.for(['', '20', '40.abc', 'x.y.z'])('%j is no cursor', (text) => {
  expect(() => readPageCursor('secret', plan, ann, text)).toThrow(
    expect.objectContaining({ code: 'PAGE_CURSOR_INVALID' }),
  )
})

test('an offset that was tampered with is refused', () => {
  const cursor = writePageCursor('secret', plan, ann, 20)
  expect(() => readPageCursor('secret', plan, ann, cursor.replace('20.', '0.'))).toThrow(
    expect.objectContaining({ code: 'PAGE_CURSOR_INVALID' }),
  )
})
