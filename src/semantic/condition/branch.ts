import type { Tree } from './tree.ts'

export type Branch = Extract<Tree, { kind: 'case' }>['branches'][number]

export function createBranch(when: Tree, then: Tree): Branch {
  return { when, then } // oxlint-disable-line unicorn/no-thenable -- a tree, no function: nothing awaits it
}
