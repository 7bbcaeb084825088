import { resolve } from 'node:path'
import type { Env } from '../core/env.ts'

interface Place {
  /** From the command line; else AQUIFER_DIR, else the current folder. */
  readonly dir?: string | undefined
  readonly env: Env
  readonly cwd?: string
}

/** The absolute folder that a command works in. */
export function configDir({ dir, env, cwd = process.cwd() }: Place): string {
  return resolve(cwd, dir ?? env.AQUIFER_DIR ?? '.')
}
