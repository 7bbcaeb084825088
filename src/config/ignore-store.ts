import { access, appendFile, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const line = /^\/?(?:\*\*\/)?\.aquifer\/?\s*$/m

/** Keeps `.aquifer/` out of the git repository that `dir` is in; the path of the .gitignore it wrote to, if it did. */
export async function ignoreStore(dir: string): Promise<string | undefined> {
  const root = await findRepository(dir)
  if (root === undefined) return undefined
  for (const folder of upTo(root, dir)) {
    if (line.test(await readText(join(folder, '.gitignore')))) return undefined
  }
  const file = join(dir, '.gitignore')
  const text = await readText(file)
  await appendFile(file, text === '' || text.endsWith('\n') ? '.aquifer/\n' : '\n.aquifer/\n')
  return file
}

async function findRepository(dir: string): Promise<string | undefined> {
  const found = await access(join(dir, '.git')).then(
    () => true,
    () => false,
  )
  if (found) return dir
  const parent = dirname(dir)
  return parent === dir ? undefined : findRepository(parent)
}

function upTo(root: string, dir: string): string[] {
  return dir === root || dir === dirname(dir) ? [dir] : [dir, ...upTo(root, dirname(dir))]
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return ''
    throw cause
  })
}
