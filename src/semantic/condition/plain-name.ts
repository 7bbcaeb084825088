import type { Tree } from './tree.ts'
import { mapTree, type NameTree } from './visit-tree.ts'

/** One name in our own syntax: `listing__user__ds__month`. A part of a date leaves no room for a grain, as in MetricFlow. */
export function plainName({ name, path, grain, part }: Omit<NameTree, 'kind'>): string {
  const ending = part === undefined ? grain : `extract_${part}`
  return [...path, name, ...(ending === undefined ? [] : [ending])].join('__')
}

/** The same condition with every name in our own syntax, for people to read. */
export const plainNames = (tree: Tree): Tree =>
  mapTree(tree, (node) =>
    node.kind === 'name' ? { kind: 'name', name: plainName(node), path: [], grain: undefined, part: undefined } : node,
  )
