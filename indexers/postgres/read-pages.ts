import { ownValues, selectSql } from './batch.ts'
import type { Batch } from './batch.ts'
import { sameColumns } from './columns.ts'
import { expired } from '../../src/core/source-error.ts'
import { startPace } from '../../src/core/pace.ts'
import type { Relation } from './relation.ts'
import type { Run, Rows, Session } from './session.ts'
import { column } from './sql.ts'
import { isUnaltered } from './tree/wide.ts'

/**
 * All rows in the order of a unique index, each page in a transaction of its own: however long the consumer takes,
 * nothing holds back the vacuum of the source. The pages show different moments, so the caller has to read what changed
 * since the first one afterwards.
 */
export async function* readPages(
  session: Session,
  relation: Relation & { readonly order: readonly string[] },
  start: readonly string[],
): AsyncGenerator<Batch> {
  const { place, order } = relation
  const places = order.map((name) => ownValues + relation.columns.findIndex((candidate) => candidate.name === name))
  const pace = startPace()
  let after = start
  for (;;) {
    const limit = pace.rows
    const page = await session.transaction(place, (run) => readPage(run, relation, after, limit))
    if (page === undefined) throw expired(place, 'columns of the tables that it is made of changed')
    const last = page.rows.at(-1)
    if (last === undefined) return
    if (!sameColumns(page.columns.slice(ownValues), relation.columns)) throw expired(place, 'its columns changed')
    pace.observe(page.rows)
    after = places.map((at) => last[at] ?? '')
    yield { items: page.rows.map((row) => ({ row, repeated: false })), after }
    if (page.rows.length < limit) return
  }
}

/** undefined where the tables of a record changed their columns. */
async function readPage(
  run: Run,
  relation: Relation & { readonly order: readonly string[] },
  after: readonly string[],
  limit: number,
): Promise<Rows | undefined> {
  if (!(await isUnaltered(run, relation.wide))) return undefined
  const columns = relation.order.map((name) => column(name)).join(', ')
  const where = after.length === 0 ? '' : ` where (${columns}) > (${after.map((_, at) => `$${at + 1}`).join(', ')})`
  return run(`${selectSql(relation)}${where} order by ${columns} limit ${limit}`, after)
}
