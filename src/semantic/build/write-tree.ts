import { AquiferError } from '../../core/errors.ts'
import { createBranch } from '../condition/branch.ts'
import type { Tree } from '../condition/tree.ts'
import { timestamp, type Sql } from '../sql/sql.ts'
import { readMoment } from '../plan/read-moment.ts'

export interface Written {
  readonly sql: Sql
  /** It is a timestamp: texts that it is compared with are dates. */
  readonly time: boolean
}

/** What the names of a tree stand for. */
export interface Names {
  name(tree: Extract<Tree, { kind: 'name' }>): Written
  metric(tree: Extract<Tree, { kind: 'metric' }>): Written
  /** Numbers stand in the text, not in parameters: those of a definition. */
  readonly inline?: boolean
}

export const writeTree = (tree: Tree, names: Names): Sql => write(tree, names).sql

const compared = new Set(['=', '<>', '<', '<=', '>', '>='])
const plain = (sql: Sql): Written => ({ sql, time: false })

// oxlint-disable-next-line typescript/consistent-return -- every kind of tree returns
function write(tree: Tree, names: Names): Written {
  const sqlOf = (part: Tree): Sql => write(part, names).sql
  switch (tree.kind) {
    case 'value':
      return plain(valueOf(tree.value, names.inline ?? false))
    case 'name':
      return names.name(tree)
    case 'metric':
      return names.metric(tree)
    case 'operation': {
      const left = write(tree.left, names)
      const right = write(tree.right, names)
      if (!compared.has(tree.operator)) return plain({ ...tree, left: left.sql, right: right.sql })
      const both = { left: asMoment(tree.left, left, right), right: asMoment(tree.right, right, left) }
      return plain({ kind: 'operation', operator: tree.operator, ...both })
    }
    case 'in': {
      const of = write(tree.of, names)
      return plain({ kind: 'in', of: of.sql, list: tree.list.map((one) => asMoment(one, write(one, names), of)) })
    }
    case 'not':
    case 'negative':
    case 'is_null':
      return plain({ kind: tree.kind, of: sqlOf(tree.of) })
    case 'call':
      return plain({ kind: 'call', name: tree.name, args: tree.args.map(sqlOf) })
    case 'cast':
      return {
        sql: { kind: 'cast', of: sqlOf(tree.of), to: tree.to },
        time: tree.to === 'timestamp' || tree.to === 'date',
      }
    case 'truncate':
      return { sql: { kind: 'truncate', of: timeOf(tree.of, names), grain: tree.grain }, time: true }
    case 'extract':
      return plain({ kind: 'extract', of: timeOf(tree.of, names), part: tree.part })
    case 'case':
      return plain({
        kind: 'case',
        branches: tree.branches.map(({ when, then }) => createBranch(sqlOf(when), sqlOf(then))),
        otherwise: tree.otherwise === undefined ? undefined : sqlOf(tree.otherwise),
      })
  }
}

function timeOf(tree: Tree, names: Names): Sql {
  const { sql, time } = write(tree, names)
  return time ? sql : { kind: 'cast', of: sql, to: 'timestamp' }
}

function valueOf(value: string | number | boolean | null, inline: boolean): Sql {
  if (typeof value === 'string') return { kind: 'parameter', value, type: undefined }
  return typeof value === 'number' && !inline
    ? { kind: 'parameter', value, type: 'number' }
    : { kind: 'literal', value }
}

/** A text beside a time is a date; METRIC_QUESTION_INVALID where it is none. */
function asMoment(tree: Tree, { sql }: Written, beside: Written): Sql {
  if (!beside.time || tree.kind !== 'value' || typeof tree.value !== 'string') return sql
  const moment = readMoment(tree.value)
  if (moment === undefined) {
    throw new AquiferError(
      'METRIC_QUESTION_INVALID',
      'A time is compared with a text that is no date; write 2024-03-31.',
    )
  }
  return timestamp(moment.first)
}
