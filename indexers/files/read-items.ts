import type { Change } from '../../schemas/record.ts'
import type { Key } from '../../src/core/indexer.ts'
import { compareUtf8 } from '../../src/core/byte-order.ts'
import { changeTimes } from './change-times.ts'
import { findMountPoints, watchMounts } from './mounts.ts'
import type { OpenSource } from './read-document.ts'
import { changeOf } from './read-round.ts'
import { openRoot } from './root.ts'
import { walk } from './walk.ts'

/**
 * The files of these keys. One that is not there gives nothing: only a walk that knows what was mounted before can tell
 * that it is gone.
 */
export async function* readItems(source: OpenSource, keys: readonly Key[]): AsyncGenerator<Change> {
  const { name, settings, rules, options } = source
  const wanted = new Set(keys)
  const ordered = [...wanted].toSorted(compareUtf8)
  const last = ordered.at(-1)
  if (last === undefined) return
  const startedAtMs = options.clock.now()
  const root = await openRoot(name, settings.path, 'SOURCE_UNREACHABLE')
  const mounts = watchMounts({}, await findMountPoints(root.path))
  const again = new Set<string>()
  const range = { from: ordered[0] ?? last, to: `${last}\0` }
  const times = changeTimes(root.isLocal, undefined)
  for await (const found of walk({ root, rules, signal: options.signal, range, times, mounts, again })) {
    const change = wanted.has(found.key)
      ? await changeOf(found, { source, root, startedAtMs, mounts, again })
      : undefined
    if (change !== undefined) yield change
  }
}
