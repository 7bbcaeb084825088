import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTempDir, type TempDir } from './temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const parts = ['package.json', 'README.md', '.github', 'src', 'indexers', 'schemas', 'examples/demo']

/** A copy of the project that the demo may write to, on the packages of this one. */
export async function openDemoCopy(): Promise<TempDir> {
  const copy = await openTempDir()
  await mkdir(join(copy.path, 'examples'))
  for (const part of parts) await cp(join(root, part), join(copy.path, part), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy.path, 'node_modules'), 'dir')
  return copy
}

/** What `npm run demo` starts. */
export function startDemo({ path }: TempDir): ChildProcess {
  return spawn(process.execPath, [join(path, 'examples/demo/start.js')], {
    cwd: path,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
