import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { excerpt } from '../../examples/demo/excerpt.ts'
import { FilesSource } from '../../indexers/files/config.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { loadConfig } from '../../src/config/load-config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test("the demo's configuration is valid and keeps what suppliers grant from everybody", async () => {
  const { sources, connections } = await loadConfig({ dir: join(root, 'examples/demo'), env: {} })
  expect(Object.keys(sources)).toEqual(['products', 'help', 'supplier_terms', 'pages', 'packages', 'metrics'])
  expect(connections['shop']?.options).toMatchObject({ url: { env: 'SHOP_URL' } })
  expect(sources['supplier_terms']?.mapping.acl).toEqual({ groups: '{visible_to}' })
})

test('the demo reads the readmes of packages that the project depends on, each by its right name', async () => {
  const { sources } = await loadConfig({ dir: join(root, 'examples/demo'), env: {} })
  const { include = [] } = FilesSource.parse(sources['packages']?.options)
  expect(include.length).toBeGreaterThan(10)
  const names = include.map((file) => file.slice(0, file.lastIndexOf('/')))
  expect(names.filter((name) => !(name in packageJson.dependencies))).toEqual([])
  expect(include.filter((file) => !existsSync(join(root, 'node_modules', file)))).toEqual([])
})

test('an excerpt begins with the sentence that answers, and stays in its paragraph', () => {
  const passage =
    '<untrusted source="help" id="help:1">\n# Kettles\n\nWe sell them. Descaling takes citric acid. Rinse twice.\n\n- **Pans** are wiped.\n</untrusted>'
  expect(excerpt(passage, 'How do I descale my kettle?', 100)).toBe('Kettles')
  expect(excerpt(passage, 'Is citric acid good for descaling?', 100)).toBe(
    '… Descaling takes citric acid. Rinse twice.',
  )
  expect(excerpt(passage, 'Is citric acid good for descaling?', 33)).toBe('… Descaling takes citric acid. …')
  expect(excerpt(passage, 'How are pans cleaned?', 100)).toBe('Pans are wiped.')
})

test('an excerpt of a page leaves out code', () => {
  expect(excerpt('Install it.\n\n```sh\nnpm install limits\n```\n\nIt limits calls.', 'limits of calls', 100)).toBe(
    'It limits calls.',
  )
})
