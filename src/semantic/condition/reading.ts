import { ConditionError } from './condition-error.ts'
import type { Cursor } from './cursor.ts'
import type { Tree } from './tree.ts'

/** What the parts of the grammar need of one another. */
export interface Reading {
  readonly cursor: Cursor
  /** A whole condition, as within parentheses. */
  readonly expression: () => Tree
  /** One side of a comparison. */
  readonly operand: () => Tree
  /** Runs what may come back to itself. Throws ConditionError at 200 levels, long before the stack ends. */
  readonly deeper: (parse: () => Tree) => Tree
}

const maxLevels = 200

export function createDepth(cursor: Cursor): Reading['deeper'] {
  let level = 0
  return (parse) => {
    if (level >= maxLevels) {
      throw new ConditionError(`expected at most ${maxLevels} levels of nesting, found more`, cursor.peek().at)
    }
    level += 1
    const tree = parse()
    level -= 1
    return tree
  }
}

/** One or more, with commas between. */
export function parseList<T>(cursor: Cursor, parse: () => T): readonly T[] {
  const items = [parse()]
  while (cursor.accept(',')) items.push(parse())
  return items
}
