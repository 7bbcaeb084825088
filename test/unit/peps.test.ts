import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { estimateTokens } from '../../src/core/tokens.ts'
import { chunkText } from '../../src/pipeline/chunk/chunk-text.ts'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'
import { sharedData } from '../kit/shared-data.ts'
import { openTempDir } from '../kit/temp-dir.ts'

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]{1,40}/gu) ?? []

test('seven hundred real documents are titled, cut and kept whole', async ({ skip }) => {
  await using folder = await openTempDir()
  const archive = join(sharedData, 'docs-peps', 'peps.tar.gz')
  await promisify(execFile)('tar', ['-xzf', archive, '-C', folder.path]).catch(() =>
    skip('the shared test data is not at hand (AQUIFER_SHARED names its folder)'),
  )
  const names = (await readdir(join(folder.path, 'peps'))).filter((name) => /^pep-\d+\.rst$/.test(name))
  expect(names.length).toBeGreaterThan(700)
  const faults: string[] = []
  let total = 0
  for (const name of names) {
    const text = await readFile(join(folder.path, 'peps', name), 'utf8')
    const parsed = parseDocument({ path: name, mediaType: 'text/x-rst', text })
    if (!/^PEP \d+ – \S/.test(parsed.title)) faults.push(`${name}: its title is ${parsed.title}`)
    if (typeof parsed.frontMatter['status'] !== 'string') faults.push(`${name}: it has no status`)
    const chunks = chunkText({ ...parsed, countTokens: estimateTokens, maxTokens: 250 })
    total += chunks.length
    const found = new Set(wordsOf(chunks.map((chunk) => chunk.text).join('\n')))
    const lost = wordsOf(parsed.text).filter((word) => word.length < 20 && !found.has(word))
    // Of words too long for a chunk the ends are words of their own.
    if (lost.length > 3) faults.push(`${name}: it lost ${lost.join(' ')}`)
    const long = chunks.filter(({ header, text }) => estimateTokens(header) + estimateTokens(text) + 2 > 250)
    if (long.length > 0) faults.push(`${name}: ${long.length} chunks are too long`)
  }
  expect(faults).toEqual([])
  expect(total / names.length).toBeGreaterThan(20)
  expect(total / names.length).toBeLessThan(45)
}, 60_000)
