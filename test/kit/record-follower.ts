import type { Change, Json } from '../../schemas/record.ts'
import type { Indexer } from '../../src/core/indexer.ts'
import { collect } from './indexer-reading.ts'
import type { SourceDatabase, SourceInput } from './postgres-source.ts'

/** What a ledger would hold of one source, read by read, in one process or in several. */
export interface RecordFollower extends AsyncDisposable {
  /** Rows by key. */
  readonly held: Map<string, Json>
  readonly indexer: Indexer
  cursor: Json | undefined
  /** Reads on and compares keys where it has to, as the pipeline does; answers the puts and deletes, in order of text. */
  read(): Promise<readonly string[]>
  /** Whether the last read asked for a comparison of keys: its table was read again. */
  readonly compared: boolean
}

export async function followRecords(
  database: Pick<SourceDatabase, 'open'>,
  source: SourceInput,
  before: Pick<RecordFollower, 'held' | 'cursor'> = { held: new Map(), cursor: undefined },
): Promise<RecordFollower> {
  const indexer = await database.open({ source })
  const { held } = before
  let { cursor } = before
  let compared = false

  async function removeMissing(): Promise<readonly string[]> {
    const there = new Set((await collect(indexer.keys('source', {}, 'keys'))).map(({ key }) => key))
    const gone = [...held.keys()].filter((key) => !there.has(key))
    for (const key of gone) held.delete(key)
    return gone.map((key) => `delete ${key}`)
  }

  return {
    held,
    indexer,
    get cursor() {
      return cursor
    },
    get compared() {
      return compared
    },
    async read() {
      const changes = await collect(indexer.changes(cursor === undefined ? {} : { source: cursor }))
      const told = changes.flatMap((change) => take(held, change))
      for (const change of changes) if (change.kind === 'checkpoint') cursor = change.cursor
      compared = changes.some((change) => change.kind === 'checkpoint' && change.compare === true)
      await indexer.committed?.({ source: cursor ?? null })
      const isPolled = source['mode'] !== 'stream'
      return [...told, ...(compared || isPolled ? await removeMissing() : [])].toSorted()
    },
    [Symbol.asyncDispose]: () => indexer[Symbol.asyncDispose](),
  }
}

function take(held: Map<string, Json>, change: Change): readonly string[] {
  if (change.kind === 'delete') {
    held.delete(change.key)
    return [`delete ${change.key}`]
  }
  if (change.kind !== 'put') return []
  const row = change.content.kind === 'row' ? change.content.row : null
  const isNews = JSON.stringify(held.get(change.key)) !== JSON.stringify(row)
  held.set(change.key, row)
  return [`${isNews ? 'put' : 'same'} ${change.key}`]
}
