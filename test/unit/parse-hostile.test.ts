import { expect, test } from 'vitest'
import { AquiferError } from '../../src/core/errors.ts'
import { estimateTokens } from '../../src/core/tokens.ts'
import { chunkText } from '../../src/pipeline/chunk/chunk-text.ts'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'

const size = 100_000
const filled = (part: string): string => part.repeat(Math.ceil(size / part.length))

const hostile: Readonly<Record<string, string>> = {
  brackets: filled('['),
  stars: filled('*'),
  quotes: filled('>'),
  backticks: Array.from({ length: 600 }, (_, i) => '`'.repeat(i)).join(' '),
  'open tags': filled('<a "'),
  'open components': filled('<A {'),
  braces: filled('{"'),
  'open comments': filled('<!--'),
  'open drawings': filled('<svg>'),
  ampersands: filled('&amp'),
  pipes: filled('|'),
  'a wide table': `${filled('a|')}\n${filled('-|')}`,
  'a long table': `a|b\n-|-\n${filled('x|y\n')}`,
  'tables without rows': filled('a|b\n-|-\n'),
  headings: filled('# h\n'),
  underlines: filled('a\n===\n'),
  'blank lines': filled('\n'),
  spaces: filled(' '),
  'nested lists': Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}- a`).join('\n'),
  'open links': filled('![a'),
  fences: filled('```\n'),
  'open imports': filled('import {\n\n').repeat(4),
  'open front matter': `---\n${filled('a: [\n')}---\n`,
  'nested tags': filled('<b>'),
  'nested tags and open scripts': `${'<b>'.repeat(300)}${filled('<script>')}`,
  'a long string': JSON.stringify({ a: filled('x').repeat(40) }),
  'millions of lines': `a\n\n${'\n'.repeat(4_000_000)}b`,
  'unmatched ends': `${'<b>'.repeat(200)}${filled('</i>')}`,
  cells: `<table>${filled('<td>')}`,
  'grid tables': filled('+--+\n|a |\n'),
  fields: filled('A: b\n'),
  'nested arrays': `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`,
  'csv quotes': filled('"'),
  'an open quote': `a,b\n1,"${filled('x\n')}`,
  joiners: filled('a\u200D'),
  'one word': filled('x'),
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const mediaTypes = ['text/markdown', 'text/mdx', 'text/x-rst', 'text/html', 'text/csv', 'application/json']

/** Only what is no JSON may be refused. */
function readAndCut(mediaType: string, text: string): void {
  try {
    const parsed = parseDocument({ path: 'a.x', mediaType, text })
    chunkText({ ...parsed, countTokens: estimateTokens, maxTokens: 250 })
  } catch (error) {
    const mayFail = error instanceof AquiferError && error.code === 'RECORD_INVALID' && mediaType === 'application/json'
    if (!mayFail) throw error
  }
}

for (const [name, text] of Object.entries(hostile)) {
  test(`100 KB of ${name} are read and cut in bounded time, as any type`, () => {
    const slow = mediaTypes.filter((mediaType) => {
      const start = cpuMs()
      readAndCut(mediaType, text)
      // Most take 20 ms; what is quadratic takes many seconds. Time of the processor: machines are busy.
      return cpuMs() - start > 2000
    })
    expect(slow).toEqual([])
  }, 30_000)
}
