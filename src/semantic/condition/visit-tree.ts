import { createBranch } from './branch.ts'
import type { Tree } from './tree.ts'

export type NameTree = Extract<Tree, { kind: 'name' }>

/** The parts directly below, from left to right. */
export function partsOf(tree: Tree): readonly Tree[] {
  if (tree.kind === 'call') return tree.args
  if (tree.kind === 'operation') return [tree.left, tree.right]
  if (tree.kind === 'in') return [tree.of, ...tree.list]
  if (tree.kind === 'case') {
    const branches = tree.branches.flatMap(({ when, then }) => [when, then])
    return tree.otherwise === undefined ? branches : [...branches, tree.otherwise]
  }
  return 'of' in tree ? [tree.of] : []
}

/** The tree and everything below it, each before its parts. */
export function* nodesIn(tree: Tree): Generator<Tree> {
  const left = [tree]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next
    left.push(...partsOf(next).toReversed())
  }
}

/** As often as they occur, from left to right. */
export const namesIn = (tree: Tree): readonly NameTree[] =>
  nodesIn(tree)
    .filter((node) => node.kind === 'name')
    .toArray()

/** The same tree with `change` made to every part, the innermost first. */
export function mapTree(tree: Tree, change: (tree: Tree) => Tree): Tree {
  const map = (part: Tree): Tree => mapTree(part, change)
  return change(mapParts(tree, map))
}

function mapParts(tree: Tree, map: (part: Tree) => Tree): Tree {
  if (tree.kind === 'call') return { ...tree, args: tree.args.map(map) }
  if (tree.kind === 'operation') return { ...tree, left: map(tree.left), right: map(tree.right) }
  if (tree.kind === 'in') return { ...tree, of: map(tree.of), list: tree.list.map(map) }
  if (tree.kind === 'case') {
    const branches = tree.branches.map(({ when, then }) => createBranch(map(when), map(then)))
    return { ...tree, branches, otherwise: tree.otherwise && map(tree.otherwise) }
  }
  return 'of' in tree ? { ...tree, of: map(tree.of) } : tree
}

/** The conditions that all have to hold: `a and (b and c)` is three. */
export function conjuncts(tree: Tree): readonly Tree[] {
  if (tree.kind !== 'operation' || tree.operator !== 'and') return [tree]
  return [...conjuncts(tree.left), ...conjuncts(tree.right)]
}
