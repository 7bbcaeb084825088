import type { Json } from '../../../schemas/record.ts'
import type { ParseValue } from '../parse-value.ts'
import type { Relation } from '../relation.ts'
import type { Run } from '../session.ts'
import type { Types } from '../types.ts'
import type { Branch } from './branch.ts'

/** How to read the values of a source's rows, in the order of its columns. */
export async function parsersOf(run: Run, types: Types, { columns, wide }: Relation): Promise<readonly ParseValue[]> {
  const branches = wide?.branches ?? []
  const own = await types.parsers(run, columns.slice(0, columns.length - branches.length))
  return [...own, ...(await branchParsers(run, types, branches))]
}

async function branchParsers(run: Run, types: Types, branches: readonly Branch[]): Promise<readonly ParseValue[]> {
  const parsers: ParseValue[] = []
  for (const { as, columns, branches: inner } of branches) {
    const names = [...columns, ...inner].map(({ name }) => name)
    const each = [...(await types.parsers(run, columns)), ...(await branchParsers(run, types, inner))]
    const rowOf = (texts: Texts): Json =>
      Object.fromEntries(
        names.map((name, at) => {
          const text = texts[at] ?? null
          return [name, text === null ? null : (each[at]?.(text) ?? text)]
        }),
      )
    parsers.push(
      as === 'object' ? (text) => rowOf(parse<Texts>(text)) : (text) => parse<readonly Texts[]>(text).map(rowOf),
    )
  }
  return parsers
}

type Texts = readonly (string | null)[]

/** What our own SQL has written: see `widen`. */
const parse = <T>(text: string): T => JSON.parse(text) as T
