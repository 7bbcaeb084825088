import { indexers } from '../../indexers/index.ts'
import type { Config } from '../core/config.ts'
import type { Env } from '../core/env.ts'
import { engines } from '../semantic/engines/index.ts'
import { configDir } from './config-dir.ts'
import type { Types } from './load-type.ts'
import { parseConfig } from './parse-config.ts'
import { configInvalid } from './problem.ts'
import { readConfig } from './read-config.ts'
import { resolveConfig } from './resolve-config.ts'

export interface LoadOptions {
  /** From the command line; else AQUIFER_DIR, else the current folder. */
  readonly dir?: string | undefined
  readonly env: Env
  readonly cwd?: string
  readonly types?: Types
}

/** Reads the configuration of a folder. CONFIG_NOT_FOUND, or CONFIG_INVALID with everything that is wrong in it. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { cwd = process.cwd(), types = { indexers, engines } } = options
  const dir = configDir(options)
  const document = await readConfig(dir, cwd)
  const { parsed, problems } = await parseConfig(document.value, types)
  if (parsed === undefined || problems.length > 0) throw configInvalid(document, problems)
  return resolveConfig(parsed, { dir, file: document.file, document })
}
