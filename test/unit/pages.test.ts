import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { indexers } from '../../indexers/index.ts'
import { parseConfig } from '../../src/config/parse-config.ts'
import { parseYaml } from '../../src/config/parse-yaml.ts'
import { engines } from '../../src/semantic/engines/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = globSync(['*.md', '.github/*.md', '{src,indexers,test,bench,examples}/**/*.md'], {
  cwd: root,
  exclude: (name) => name === 'node_modules',
}).toSorted()

test.for(pages)('%s: every file it links to is there', (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)].map((match) => match[1] ?? '')
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([])
})

test.for(pages)('%s: every configuration in it is valid', async (page) => {
  const text = readFileSync(join(root, page), 'utf8')
  for (const [, yaml = ''] of text.matchAll(/```yaml\n(version: [^]*?)```/g)) {
    const { problems } = await parseConfig(parseYaml(yaml, page).value, { indexers, engines })
    expect(problems).toEqual([])
  }
})

test('the readme begins with the two commands and shows a configuration', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  expect(text).toContain('```yaml\nversion: 1\n')
  expect(text).toContain('npm run demo')
})

test('every trap and promise has a test that is named for it', () => {
  const rows = readFileSync(join(root, 'test/README.md'), 'utf8').matchAll(
    /^\| .+ \| `(.+)` \| \[[^\]]+\]\(([^)]+)\)/gm,
  )
  const named = [...rows].map(([, name = '', file = '']) => ({ name, file }))
  expect(named).toHaveLength(24)
  const isThere = ({ name, file }: { readonly name: string; readonly file: string }): boolean =>
    readFileSync(join(root, 'test', file), 'utf8').includes(`${name}'`)
  expect(named.filter((one) => !isThere(one))).toEqual([])
})
