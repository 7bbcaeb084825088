import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { openTempDir, type TempDir } from './temp-dir.ts'

const sources = fileURLToPath(new URL('../../src/cli', import.meta.url))

export interface LauncherFolder extends TempDir {
  readonly launcher: string
}

/** A package of its own with our launcher, a program instead of ours, and perhaps a Node beside it. */
export async function openLauncherFolder(options: { main: string; bundled?: string }): Promise<LauncherFolder> {
  const folder = await openTempDir()
  const cli = join(folder.path, 'src/cli')
  await mkdir(cli, { recursive: true })
  for (const name of ['aquifer.js', 'choose-node.js']) await copyFile(join(sources, name), join(cli, name))
  await writeFile(join(cli, 'main.ts'), options.main)
  await writeFile(
    join(folder.path, 'package.json'),
    JSON.stringify({
      type: 'module',
      scripts: { aquifer: 'node src/cli/aquifer.js', other: 'node src/cli/aquifer.js' },
    }),
  )
  if (options.bundled !== undefined) {
    const bin = join(folder.path, 'node_modules/node/bin')
    await mkdir(bin, { recursive: true })
    await writeFile(join(bin, '../package.json'), '{ "name": "node" }')
    await symlink(options.bundled, join(bin, 'node'))
  }
  return { ...folder, launcher: join(cli, 'aquifer.js') }
}
