import type { BigIntStats } from 'node:fs'
import { statfs } from 'node:fs/promises'

/** What the times of files and folders tell about changes since the last round. */
export interface ChangeTimes {
  /** False only if it was certainly not changed since. */
  isTouched(stat: BigIntStats): boolean
  /** A file that came into a folder by rename may look untouched here. */
  readonly areWeak: boolean
}

/** How far a file system's clock may be behind ours: its own resolution here, another machine's elsewhere. */
export const marginMs = { local: 2000, other: 60_000 } as const

// ext2–4, XFS, Btrfs, ZFS, tmpfs, overlay, F2FS, bcachefs: every change of an inode, renames too, sets its ctime.
const localTypes = new Set([0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x01021994, 0x794c7630, 0xf2f52010, 0xca451a4e])

/** Undefined since: everything counts as touched. */
export function changeTimes(isLocal: boolean, sinceMs: number | undefined): ChangeTimes {
  if (sinceMs === undefined) return { isTouched: () => true, areWeak: false }
  const sinceNs = BigInt(Math.floor(sinceMs - (isLocal ? marginMs.local : marginMs.other))) * 1_000_000n
  return isLocal
    ? { isTouched: ({ ctimeNs }) => ctimeNs >= sinceNs, areWeak: false }
    : { isTouched: ({ ctimeNs, mtimeNs }) => ctimeNs >= sinceNs || mtimeNs >= sinceNs, areWeak: true }
}

export async function isLocalFileSystem(path: string): Promise<boolean> {
  if (process.platform === 'darwin') return !path.startsWith('/Volumes/')
  return process.platform === 'linux' && localTypes.has((await statfs(path)).type)
}
