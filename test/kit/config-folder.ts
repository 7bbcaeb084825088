import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { loadConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/core/config.ts'
import type { Env } from '../../src/core/env.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { configEngines, configTypes } from './config-types.ts'
import { openTempDir, type TempDir } from './temp-dir.ts'

export interface ConfigFolder extends TempDir {
  load(env?: Env): Promise<Config>
  /** Code and message that loading ends in, with the folder written as DIR. */
  failure(): Promise<string>
}

/** A folder with these files, such as aquifer.yaml. Messages name its files relative to it. */
export async function openConfigFolder(files: Readonly<Record<string, string | Uint8Array>>): Promise<ConfigFolder> {
  const folder = await openTempDir()
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  const load = (env: Env = {}): Promise<Config> =>
    loadConfig({ dir: folder.path, env, cwd: folder.path, types: { indexers: configTypes, engines: configEngines } })
  const failure = (): Promise<string> =>
    load().then(
      () => 'loaded',
      (thrown: unknown) => {
        if (!(thrown instanceof AquiferError)) throw thrown
        return `${thrown.code} ${thrown.message}`.replaceAll(folder.path, 'DIR')
      },
    )
  return { ...folder, load, failure }
}

/** What a whole aquifer.yaml of this text fails with. */
export async function failureOf(yaml: string | Uint8Array): Promise<string> {
  await using folder = await openConfigFolder({ 'aquifer.yaml': yaml })
  return await folder.failure()
}
