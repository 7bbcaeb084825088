import type { KeyDigest, KeyRange } from '../../src/core/indexer.ts'
import { changeTimes } from './change-times.ts'
import { findMountPoints, watchMounts } from './mounts.ts'
import type { Mounts } from './mounts.ts'
import { readDocument } from './read-document.ts'
import type { OpenSource } from './read-document.ts'
import { openRoot, unreachable } from './root.ts'
import { walk } from './walk.ts'

/**
 * Every file there is, in byte order; a file that changes() rejects has no digest. Throws SOURCE_UNREACHABLE rather than
 * leave out what is behind a folder that cannot be read, since what is left out counts as deleted.
 */
export async function* readKeys(
  source: OpenSource,
  args: { range: KeyRange; want: 'keys' | 'digests'; knownMounts: Mounts },
): AsyncGenerator<KeyDigest> {
  const { name, settings, rules, options } = source
  const root = await openRoot(name, settings.path, 'SOURCE_UNREACHABLE')
  const times = changeTimes(root.isLocal, undefined)
  const mounts = watchMounts(args.knownMounts, await findMountPoints(root.path))
  const found = walk({ root, rules, signal: options.signal, range: args.range, times, mounts, again: new Set() })
  for await (const item of found) {
    if (item.kind === 'unreadable') throw unreachable(name, item.key, item.cause)
    if (item.kind === 'unnameable') continue
    if (args.want === 'keys') yield { key: item.key }
    else {
      const read = await readDocument(item, root, source)
      if (read.kind === 'document') yield { key: item.key, digest: read.digest }
      else if (read.kind === 'refused') yield { key: item.key }
    }
  }
}
