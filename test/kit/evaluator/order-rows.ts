import type { AnswerColumn, Question } from '../../../src/semantic/question.ts'
import { Refused } from './refused.ts'
import { compareForOrder, type Value } from './value.ts'

/** A table whose cells are still values. */
export interface Lines {
  readonly columns: readonly Pick<AnswerColumn, 'name' | 'kind'>[]
  readonly lines: readonly (readonly Value[])[]
}

/** In the order asked for; then, and without one, by the dimensions upwards. Then no more than the limit. */
export function orderRows(columns: Lines['columns'], lines: Lines['lines'], question: Question): Lines['lines'] {
  const orders = [
    ...question.order.map((text) => ({
      index: indexOf(columns, question.by, text.replace(/^-/, '')),
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

/** Of the column that has this name, was asked for by it, or begins with it. */
function indexOf(columns: Lines['columns'], by: readonly string[], text: string): number {
  const exact = columns.findIndex(({ name }, index) => name === text || by[index] === text)
  const index = exact === -1 ? columns.findIndex(({ name }) => name.startsWith(`${text}__`)) : exact
  if (index === -1) throw new Refused('unsupported', `no column ${text}`)
  return index
}
