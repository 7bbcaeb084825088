import { compareUtf8 } from '../../src/core/byte-order.ts'
import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import { keyProblem } from './key-text.ts'
import type { Reader } from './reader.ts'
import { scan } from './scan.ts'
import { openSorter } from './sorter.ts'
import { cancelled } from '../../src/core/source-error.ts'

/** Every key in byte order. MongoDB orders by type and value, so they are sorted here, in files when there are many. */
export async function* readKeys(reader: Reader, range: KeyRange, want: 'keys' | 'digests'): AsyncGenerator<KeyDigest> {
  const { digest, limits } = reader
  await using sorter = openSorter()
  for await (const documents of scan(reader, { after: null, idsOnly: want === 'keys' })) {
    for (const { key, bytes } of documents) {
      if (keyProblem(key) !== undefined || !isWithin(key, range)) continue
      await sorter.add(want === 'keys' ? { key } : { key, digest: digest(bytes) })
    }
  }
  for await (const item of sorter.sorted()) {
    if (limits.signal.aborted) throw cancelled()
    yield item
  }
}

function isWithin(key: string, { from, to }: KeyRange): boolean {
  return (from === undefined || compareUtf8(key, from) >= 0) && (to === undefined || compareUtf8(key, to) < 0)
}
