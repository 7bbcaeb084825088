import { type Branch, createBranch } from './branch.ts'
import type { Reading } from './reading.ts'
import type { Tree } from './tree.ts'

/** After `case`: `when … then … else … end`, also with a value to compare with first. */
export function parseCase(reading: Reading): Tree {
  const { cursor } = reading
  const subject = cursor.sees('when') ? undefined : reading.expression()
  const branches: Branch<Tree>[] = []
  while (cursor.accept('when')) {
    const when = matches(subject, reading.expression())
    cursor.expect('then', 'an operator or then')
    branches.push(createBranch(when, reading.expression()))
  }
  if (branches.length === 0) throw cursor.unexpected('when')
  const otherwise = cursor.accept('else') ? reading.expression() : undefined
  cursor.expect('end', otherwise === undefined ? 'an operator, when, else or end' : 'an operator or end')
  return { kind: 'case', branches, otherwise }
}

const matches = (subject: Tree | undefined, value: Tree): Tree =>
  subject === undefined ? value : { kind: 'operation', operator: '=', left: subject, right: value }
