import { spawn } from 'node:child_process'
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { endOf, quickly, type Ended } from '../kit/program.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const page = fileURLToPath(new URL('../../examples/metrics.md', import.meta.url))

interface Block {
  readonly language: string
  readonly text: string
}

const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))

/** What differs from run to run: moments, hashes, where the data stood. */
const settled = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'MOMENT')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replaceAll(/(data(?: then| now)?) +[\w-]{16,}…?$/gm, '$1 WATERMARK')
    .replaceAll(/\([0-9a-f]{12}\)/g, '(HASH)')

test('an analyst who follows the page of metrics sees what it shows', { timeout: 400_000 }, async () => {
  await using dir = await openTempDir()
  const here = await realpath(dir.path)
  const bash = (script: string): Promise<Ended> => {
    const program = `aquifer() { ${[process.execPath, ...quickly].map((word) => JSON.stringify(word)).join(' ')} "$@"; }\n`
    return endOf(spawn('bash', ['-c', program + script], { cwd: here }))
  }
  const shown: string[] = []
  const printed: string[] = []
  for (const { language, text } of blocksOf(await readFile(page, 'utf8'))) {
    const [, file] = /^# (\S+\.yaml)\n/.exec(text) ?? []
    if (language === 'text') shown.push(settled(text))
    if (language === 'sh') {
      const { stdout, stderr } = await bash(text)
      if (stdout + stderr !== '') printed.push(settled(stdout.replaceAll(here, '…') + stderr))
    }
    if (file !== undefined) {
      await mkdir(dirname(join(here, file)), { recursive: true })
      await writeFile(join(here, file), text)
    }
  }
  expect(printed).toEqual(shown)
  expect(shown).toHaveLength(9)
  const { stdout } = await bash('aquifer metrics query revenue')
  expect(stdout).toMatch(/^ 175\.75$/m)
})
