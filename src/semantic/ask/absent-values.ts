import type { Caller } from '../../core/caller.ts'
import { nearest } from '../../core/nearest.ts'
import type { AskOptions } from '../../core/numbers.ts'
import type { Tree } from '../condition/tree.ts'
import { nodesIn, type NameTree } from '../condition/visit-tree.ts'
import { conditionOf } from '../plan/expand-metric.ts'
import type { Question } from '../question.ts'
import type { NumbersContext } from './context.ts'
import type { Table } from './run-compiled.ts'
import { mostValues, valuesOf } from './values.ts'

const mostComparisons = 3

/** Of an answer that found nothing: which texts of its condition are no value of their dimension, and what is like them. */
export async function absentValues(
  context: NumbersContext,
  {
    question,
    found,
    caller,
    options,
  }: {
    readonly question: Question
    readonly found: Pick<Table, 'columns' | 'rows'>
    readonly caller: Caller
    readonly options: AskOptions
  },
): Promise<readonly string[]> {
  if (question.where === undefined || !isNothing(found)) return []
  const notices: string[] = []
  for (const { dimension, text } of comparisons(conditionOf(question.where)).slice(0, mostComparisons)) {
    const values = await textsOf(context, { dimension, question, caller, options })
    if (values === undefined || values.includes(text)) continue
    const like = nearest(text, values)
    notices.push(`${dimension} has no value ${text}${like === undefined ? '.' : `; the nearest is ${like}.`}`)
  }
  return notices
}

/** No row, or none whose metrics are more than nothing. */
function isNothing({ columns, rows }: Pick<Table, 'columns' | 'rows'>): boolean {
  return rows.every(
    (row) =>
      columns.some(({ kind }) => kind === 'metric') &&
      row.every((cell, index) => columns[index]?.kind !== 'metric' || cell === null || cell === 0),
  )
}

interface Comparison {
  readonly dimension: string
  readonly text: string
}

/** What is compared with a text: `country = 'us'`, `country in ('us', 'de')`. */
function comparisons(tree: Tree): readonly Comparison[] {
  return nodesIn(tree)
    .toArray()
    .flatMap((node) => {
      if (node.kind === 'in') return node.list.flatMap((one) => compared(node.of, one))
      if (node.kind !== 'operation' || node.operator !== '=') return []
      return [...compared(node.left, node.right), ...compared(node.right, node.left)]
    })
}

function compared(of: Tree, value: Tree): readonly Comparison[] {
  if (of.kind !== 'name' || of.grain !== undefined || of.part !== undefined) return []
  return value.kind === 'value' && typeof value.value === 'string' ? [{ dimension: whole(of), text: value.value }] : []
}

const whole = ({ path, name }: NameTree): string => [...path, name].join('__')

/** undefined where they are no texts, too many to know them all, or cannot be asked for. */
async function textsOf(
  context: NumbersContext,
  {
    dimension,
    question: { metrics },
    caller,
    options,
  }: {
    readonly dimension: string
    readonly question: Question
    readonly caller: Caller
    readonly options: AskOptions
  },
): Promise<readonly string[] | undefined> {
  try {
    const values = await valuesOf(context, { dimension, metrics, limit: mostValues }, caller, options)
    const texts = values.filter((value) => typeof value === 'string')
    return values.length >= mostValues || texts.length === 0 ? undefined : texts
  } catch (error) {
    // The answer itself is there; only who no longer waits for it gets none.
    if (options.signal?.aborted === true) throw error
    return undefined
  }
}
