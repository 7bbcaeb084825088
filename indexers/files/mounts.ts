import type { BigIntStats } from 'node:fs'

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

export function watchMounts(known: Mounts): MountWatch {
  const seen = new Map<string, string>()
  const knownAt = (key: string): string | undefined => (Object.hasOwn(known, key) ? known[key] : undefined)
  const isLost = ({ key, stat, isEmpty }: MountedFolder): boolean => {
    const before = knownAt(key)
    return isEmpty && before !== undefined && !before.startsWith(`${stat.dev}:`)
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

function isMount({ stat, outerDevice }: MountedFolder): boolean {
  return stat.dev !== outerDevice
}

function identityOf(stat: MountedFolder['stat']): string {
  return `${stat.dev}:${stat.ino}`
}
