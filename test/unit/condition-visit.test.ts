import { expect, test } from 'vitest'
import { parseCondition } from '../../src/semantic/condition/parse-condition.ts'
import { conjuncts, mapTree, namesIn, nodesIn } from '../../src/semantic/condition/visit-tree.ts'
import { writeCondition } from '../../src/semantic/condition/write-condition.ts'

const everything = parseCondition(
  "case when a in (b, 1) then -c else lower(d) end = cast(e as text) and not date_trunc('day', f) is null or extract(year from g) > metric(m, h)",
)

test('every name is found where it stands, in order', () => {
  expect(namesIn(everything).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  expect(namesIn(parseCondition('a = a')).map(({ name }) => name)).toEqual(['a', 'a'])
})

test('metrics are among the nodes', () => {
  expect([...nodesIn(everything)].filter(({ kind }) => kind === 'metric')).toEqual([
    { kind: 'metric', name: 'm', by: ['h'] },
  ])
})

test('a tree is changed everywhere, and the old one stays', () => {
  const before = writeCondition(everything)
  const changed = mapTree(everything, (node) => (node.kind === 'name' ? { ...node, name: `x__${node.name}` } : node))
  expect(writeCondition(changed)).toBe(
    "case when x__a in (x__b, 1) then -x__c else lower(x__d) end = cast(x__e as text) and date_trunc('day', x__f) is not null or extract(year from x__g) > metric(m, h)",
  )
  expect(writeCondition(everything)).toBe(before)
})

test('conjuncts are all that has to hold, and an or is one of them', () => {
  const parts = conjuncts(parseCondition('a and (b and (c or d)) and not (e and f)'))
  expect(parts.map(writeCondition)).toEqual(['a', 'b', 'c or d', 'not (e and f)'])
  expect(conjuncts(parseCondition('a or b')).map(writeCondition)).toEqual(['a or b'])
})
