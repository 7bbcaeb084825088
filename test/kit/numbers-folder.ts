import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/core/config.ts'
import { openNumbers, type OpenNumbers } from '../../src/open-numbers.ts'
import { openTempDir } from './temp-dir.ts'
import { openTestLog } from './test-log.ts'

export interface NumbersFolder extends AsyncDisposable {
  readonly config: Config
  readonly dir: string
  open(): Promise<OpenNumbers>
}

/** A folder with a connection `data` and metrics, and no ledger behind it. */
export async function openNumbersFolder(
  connection: object,
  files: Readonly<Record<string, string>> = {},
): Promise<NumbersFolder> {
  const dir = await openTempDir()
  await mkdir(join(dir.path, 'metrics'))
  const yaml = { version: 1, connections: { data: connection }, metrics: './metrics' }
  // JSON is YAML.
  await writeFile(join(dir.path, 'aquifer.yaml'), JSON.stringify(yaml))
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir.path, 'metrics', name), text)
  const config = await loadConfig({ dir: dir.path, env: {} })
  return {
    config,
    dir: dir.path,
    open: () =>
      openNumbers({
        config,
        env: {},
        log: openTestLog(),
        ledger: {
          noteChecks: () => Promise.resolve(),
          checkNotes: () => Promise.resolve([]),
          keptAnswer: () => Promise.resolve(undefined),
          secret: () => Promise.resolve('test'),
        },
      }),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}
