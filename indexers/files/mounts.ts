import type { BigIntStats } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { isInside } from './root.ts'

/** Which file system is where below a source: folder key (empty for the source's own) to device and inode. */
export type Mounts = Readonly<Record<string, string>>

/** What is mounted now against what was at the last round. */
export interface MountWatch {
  /** Other files than before may be here, however old: nothing about their times can be concluded. */
  isOther(folder: MountedFolder): boolean
  /** A folder that was full and is empty since its file system went away. */
  isLost(folder: MountedFolder): boolean
  see(folder: MountedFolder): void
  seen(): Mounts
}

export interface MountedFolder {
  readonly key: string
  readonly stat: Pick<BigIntStats, 'dev' | 'ino'>
  /** Of the folder above; undefined for the source's own. */
  readonly outerDevice: bigint | undefined
  readonly isEmpty: boolean
}

/** `points`: folder keys at which something is mounted, be it of the same device. */
export function watchMounts(known: Mounts, points: ReadonlySet<string>): MountWatch {
  const seen = new Map<string, string>()
  const knownAt = (key: string): string | undefined => (Object.hasOwn(known, key) ? known[key] : undefined)
  const isMount = ({ key, stat, outerDevice }: MountedFolder): boolean => stat.dev !== outerDevice || points.has(key)
  const isLost = ({ key, stat, isEmpty }: MountedFolder): boolean => {
    const before = knownAt(key)
    if (!isEmpty || before === undefined) return false
    // The source's own folder may have been made anew; a folder below could not while something was mounted on it.
    return key === '' ? !before.startsWith(`${stat.dev}:`) : before !== identityOf(stat)
  }
  return {
    isLost,
    isOther: (folder) => knownAt(folder.key) !== (isMount(folder) ? identityOf(folder.stat) : undefined),
    see(folder) {
      const before = knownAt(folder.key)
      if (isLost(folder) && before !== undefined) seen.set(folder.key, before)
      else if (isMount(folder) && !folder.isEmpty) seen.set(folder.key, identityOf(folder.stat))
    },
    seen: () => Object.fromEntries(seen),
  }
}

function identityOf(stat: MountedFolder['stat']): string {
  return `${stat.dev}:${stat.ino}`
}

/** Keys of the folders below a path on which something is mounted; none where the system does not list them. */
export async function findMountPoints(path: string): Promise<ReadonlySet<string>> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const points = table
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
  return new Set(
    points.filter((point) => point !== path && isInside(point, path)).map((point) => relative(path, point)),
  )
}
