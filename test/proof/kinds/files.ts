import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Expected, Item } from '../item.ts'
import { createPlan, type Operation } from '../operations.ts'
import type { Kind } from './kind.ts'

const source = 'pages'

/** A folder of Markdown with front matter. */
export async function openFiles(folder: string, size: number): Promise<Kind> {
  await mkdir(folder, { recursive: true })
  const plan = createPlan(source, size)
  const run = async (operations: readonly Operation[]): Promise<void> => {
    for (const operation of operations) await carryOut(folder, operation)
  }
  return {
    name: 'files',
    sources: [source],
    yaml: {
      connections: '',
      sources: `  ${source}: { type: files, path: '${folder}', every: 300ms, compare: 2s, fields: [status, amount], acl: { groups: '{readers}' } }`,
    },
    env: {},
    link: undefined,
    operate: async (random, count) => {
      const operations = plan.next(random, Math.min(count, 25))
      await run(operations)
      return operations.length
    },
    finish: async () => {},
    put: (_source, key, item) => carryOut(folder, { kind: 'put', key, item, isNew: true }),
    read: async () => new Map([[source, await readFolder(folder)]]),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** Spread over folders. */
const pathOf = (folder: string, key: string): string =>
  join(folder, `d${String(key.length)}`, key.slice(-1), `${key}.md`)

async function carryOut(folder: string, operation: Operation): Promise<void> {
  const path = pathOf(folder, operation.key)
  if (operation.kind === 'delete') return rm(path)
  if (operation.kind === 'rename') {
    const to = pathOf(folder, operation.to)
    await mkdir(dirname(to), { recursive: true })
    return rename(path, to)
  }
  await mkdir(dirname(path), { recursive: true })
  // Beside its place and renamed, as editors do.
  await writeFile(`${path}.partial`, toText(operation.item))
  return rename(`${path}.partial`, path)
}

function toText({ title, body, status, amount, readers }: Item): string {
  const front = { title, status, amount, readers }
  // JSON is YAML.
  const lines = Object.entries(front).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return `---\n${lines.join('\n')}\n---\n\n${body}\n`
}

async function readFolder(folder: string): Promise<Map<string, Expected>> {
  const found = new Map<string, Expected>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const [, front = '', body = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(await readFile(path, 'utf8')) ?? []
    const said = Object.fromEntries(
      front.split('\n').map((line) => {
        const at = line.indexOf(': ')
        return [line.slice(0, at), JSON.parse(line.slice(at + 2)) as unknown]
      }),
      // The files of this proof hold nothing else.
    ) as { title: string; status: string; amount: number; readers: string[] }
    const { title, status, amount, readers } = said
    found.set(relative(folder, path), {
      title,
      text: body.trim(),
      fields: { status, amount },
      readers,
      vector: undefined,
    })
  }
  return found
}
