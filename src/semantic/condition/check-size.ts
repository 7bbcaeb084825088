import { ConditionError } from './condition-error.ts'
import type { Tree } from './tree.ts'
import { partsOf } from './visit-tree.ts'

const maxDepth = 500
const maxParts = 20_000

/**
 * Keeps a tree small enough for whoever walks it by recursion. `between` and `case x when` use a part twice, so that a short
 * text could stand for an endless tree; a long row of `and` is as deep as it is long. Throws ConditionError.
 */
export function checkSize(tree: Tree): void {
  let parts = 0
  const visit = (part: Tree, depth: number): void => {
    parts += 1
    if (parts > maxParts) throw new ConditionError(`expected at most ${maxParts} parts, found more`, 0)
    if (depth > maxDepth) {
      const fix = 'many values of one name go in a list: x in (…)'
      throw new ConditionError(`expected at most ${maxDepth} operators in a row, found more; ${fix}`, 0)
    }
    for (const each of partsOf(part)) visit(each, depth + 1)
  }
  visit(tree, 1)
}
