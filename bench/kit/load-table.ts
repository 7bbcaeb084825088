import { once } from 'node:events'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { CopyEncoder } from '../../src/stores/postgres/copy-binary.ts'
import type { Passage } from './corpus.ts'

/** Fills `table (id bigint, title text, body text, embedding halfvec)` by binary COPY, in pages. */
export async function loadTable(client: Client, table: string, rows: Iterable<Passage>): Promise<void> {
  const send = async (encoder: CopyEncoder): Promise<void> => {
    const sink = client.query(copyFrom(`copy ${table} (id, title, body, embedding) from stdin with (format binary)`))
    const done = once(sink, 'finish')
    sink.end(encoder.end())
    await done
  }
  let encoder = new CopyEncoder()
  let count = 0
  for (const { id, title, body, vector } of rows) {
    encoder.row([{ int8: id }, { text: title }, { text: body }, { halfvec: vector }])
    if (++count % 5000 === 0) {
      await send(encoder)
      encoder = new CopyEncoder()
    }
  }
  if (count % 5000 !== 0) await send(encoder)
}
