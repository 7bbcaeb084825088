import { execFileSync } from 'node:child_process'
import type { TestContext } from 'vitest'
import { openTempDir, type TempDir } from './temp-dir.ts'

export interface TempDisk extends TempDir {
  /** As a disk that went bad is mounted again. */
  remount(mode: 'ro' | 'rw'): void
}

/** A small disk of its own in memory; where this user may not mount one, the test is skipped, aloud. */
export async function openTempDisk({ skip }: TestContext, size: string): Promise<TempDisk> {
  const folder = await openTempDir()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path], { stdio: 'pipe' })
  } catch {
    await folder[Symbol.asyncDispose]()
    console.warn('SKIPPING what needs a disk of its own: this user may not mount one (it takes root on Linux).')
    skip()
  }
  return {
    path: folder.path,
    remount: (mode) => void execFileSync('mount', ['-o', `remount,${mode}`, folder.path]),
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['-l', folder.path])
      await folder[Symbol.asyncDispose]()
    },
  }
}
