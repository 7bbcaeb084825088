import { DatabaseSync } from 'node:sqlite'
import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'

/** The last that was told of each key, in a file that goes with the process: memory does not grow with the topic. */
export interface HeldKeys extends Disposable {
  /** Takes what one answer told; `digest` is absent for a deletion. */
  take(news: readonly News[]): void
  /** Keys that are there, in the order of their bytes. */
  list(range: KeyRange): Iterable<Required<KeyDigest>>
}

export interface News {
  readonly key: string
  readonly digest?: string
  readonly partition: number
  readonly timestamp: bigint
}

const page = 1000

export function openHeldKeys(): HeldKeys {
  // Without a name it is a temporary file of SQLite's own, which nobody else sees and nobody has to remove.
  const database = new DatabaseSync('')
  database.exec(`pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -16384;
    create table held (key blob primary key, digest text, partition int not null, at int not null) without rowid`)
  // A key that moved to another partition, since some were added, has no order but that of time.
  const put = database.prepare(`insert into held values (?, ?, ?, ?) on conflict (key) do update
    set digest = excluded.digest, partition = excluded.partition, at = excluded.at
    where excluded.partition = held.partition or excluded.at >= held.at`)
  const next = database.prepare(
    `select key, digest from held where digest is not null and key >= ? and (? is null or key < ?) order by key limit ${page}`,
  )
  return {
    take(news) {
      database.exec('begin')
      for (const { key, digest, partition, timestamp } of news)
        put.run(Buffer.from(key), digest ?? null, partition, timestamp)
      database.exec('commit')
    },
    *list({ from = '', to }) {
      let start = Buffer.from(from)
      const end = to === undefined ? null : Buffer.from(to)
      for (;;) {
        const rows = next.all(start, end, end)
        for (const { key, digest } of rows) {
          if (!(key instanceof Uint8Array) || typeof digest !== 'string') continue
          start = Buffer.from(key)
          yield { key: start.toString(), digest }
        }
        if (rows.length < page) return
        // The least that sorts after this key.
        start = Buffer.concat([start, Buffer.of(0)])
      }
    },
    [Symbol.dispose]: () => database.close(),
  }
}
