import type { AnswerColumn, Question } from '../../../src/semantic/question.ts'
import type { World } from './find-row.ts'
import { nameOfCut, readName } from './cut.ts'
import { Refused } from './refused.ts'
import { compareForOrder, type Value } from './value.ts'

/** A table whose cells are still values. */
export interface Lines {
  readonly columns: readonly Pick<AnswerColumn, 'name' | 'kind'>[]
  readonly lines: readonly (readonly Value[])[]
}

/** In the order asked for; then, and without one, by the dimensions upwards. Then no more than the limit. */
export function orderRows(
  world: World,
  columns: Lines['columns'],
  lines: Lines['lines'],
  question: Question,
): Lines['lines'] {
  const orders = [
    ...question.order.map((text) => ({
      index: indexOf(world, columns, question.by, text.replace(/^-/, '')),
      descending: text.startsWith('-'),
    })),
    ...columns.flatMap(({ kind }, index) => (kind === 'metric' ? [] : [{ index, descending: false }])),
  ]
  const sorted = lines.toSorted((one, other) => {
    for (const { index, descending } of orders) {
      const difference = compareForOrder(one[index] ?? null, other[index] ?? null, descending)
      if (difference !== 0) return difference
    }
    return 0
  })
  return sorted.slice(0, question.limit)
}

/** Of the column that has this name, was asked for by it, or is the only one that ends in it. */
function indexOf(world: World, columns: Lines['columns'], by: readonly string[], text: string): number {
  const exact = columns.findIndex(({ name }, index) => name === text || by[index] === text)
  if (exact !== -1) return exact
  const { parts, cut } = readName(world, text)
  const indexes = columns.flatMap(({ name }, index) => {
    const column = readName(world, name)
    if (column.parts.slice(-parts.length).join('__') !== parts.join('__')) return []
    const isSame = cut === undefined || (column.cut !== undefined && nameOfCut(cut) === nameOfCut(column.cut))
    return isSame ? [index] : []
  })
  const [only] = indexes
  if (only === undefined) throw new Refused('unreachable', `no column ${text}`)
  if (indexes.length > 1) throw new Refused('ambiguous', `several columns ${text}`)
  return only
}
