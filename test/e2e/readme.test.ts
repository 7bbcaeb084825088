import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openTempDir } from '../kit/temp-dir.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

test('the commands for a first folder of documents work as the readme shows them', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const script = /```sh\n(export AQUIFER_DIR=[^]*?)```/.exec(readme)?.[1] ?? 'exit 1'
  await using home = await openTempDir()
  await mkdir(join(home.path, 'notes'))
  await writeFile(join(home.path, 'notes/deploying.md'), '# Deploying\n\nWe deploy on Tuesdays, after the backup.\n')
  const { stdout } = await run('bash', ['-euc', script], { cwd: root, env: { ...process.env, HOME: home.path } })
  expect(stdout).toContain('Wrote ')
  expect(stdout).toContain('✓ source docs')
  expect(stdout).toMatch(/^docs +1 +1 +0 +0 +0 +up to date$/m)
  expect(stdout).toContain('We deploy on Tuesdays')
  expect(JSON.parse(/^\{[^]*\}$/m.exec(stdout)?.[0] ?? '')).toMatchObject({
    mcpServers: {
      aquifer: { args: [join(root, 'src/cli/aquifer.js'), 'serve', '--stdio', '--dir', join(home.path, 'knowledge')] },
    },
  })
})
