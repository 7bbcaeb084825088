import { expect, test } from 'vitest'
import { type Chunk, chunkText } from '../../src/pipeline/chunk/chunk-text.ts'

const countTokens = (text: string): number => text.match(/\S+/g)?.length ?? 0

function chunks(text: string, options: { mediaType?: string; title?: string; maxTokens?: number } = {}): Chunk[] {
  const { mediaType = 'text/markdown', title = 'Guide', maxTokens = 40 } = options
  return chunkText({ title, text, mediaType, countTokens, maxTokens })
}

const words = (count: number, word = 'word'): string => Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ')
const line = (name: string): string => `${name} = call(${words(8, name)})`

const csv = (text: string): string[] => chunks(text, { mediaType: 'text/csv' }).map((chunk) => chunk.text)

test('a short text is one chunk under its title', () => {
  expect(chunks('Hello there.')).toEqual([{ header: 'Guide', text: 'Hello there.' }])
})

test('an empty text is found by its title, and without a title not at all', () => {
  expect(chunks(' \n\n')).toEqual([{ header: '', text: 'Guide' }])
  expect(chunks('', { title: ' ' })).toEqual([])
})

test('the header is the title and the trail of headings, the title once', () => {
  const text = `# Guide\n\n## Install\n\n### Linux\n\n${words(20, 'a')}\n\n### Mac\n\n${words(20, 'b')}`
  expect(chunks(text)).toEqual([
    { header: 'Guide › Install › Linux', text: `# Guide\n\n## Install\n\n### Linux\n\n${words(20, 'a')}` },
    { header: 'Guide › Install › Mac', text: `### Mac\n\n${words(20, 'b')}` },
  ])
})

test('a header that would grow too long keeps title and innermost heading', () => {
  const text = `## ${words(9, 'outer')}\n\n### Inner\n\ntext`
  expect(chunks(text)).toEqual([{ header: 'Guide › Inner', text }])
})

test('tiny neighbouring sections share a chunk under what holds both', () => {
  const text = '## Api\n\n### Get\n\nReads it.\n\n### Put\n\nWrites it.'
  expect(chunks(text)).toEqual([{ header: 'Guide › Api', text }])
})

test('sections that are not tiny stay apart even where both would fit', () => {
  const text = `## One\n\n${words(12, 'a')}\n\n## Two\n\n${words(12, 'b')}`
  expect(chunks(text).map(({ header }) => header)).toEqual(['Guide › One', 'Guide › Two'])
})

test('the end of a long section does not join the next one, which would lose its heading', () => {
  const text = `## One\n\n${words(30, 'a')}\n\n${words(8, 'b')}\n\n## Two\n\n${words(3, 'c')}`
  expect(chunks(text)).toEqual([
    { header: 'Guide › One', text: `## One\n\n${words(30, 'a')}` },
    { header: 'Guide › One', text: words(8, 'b') },
    { header: 'Guide › Two', text: `## Two\n\n${words(3, 'c')}` },
  ])
})

test('a long paragraph comes apart between sentences, not at its line ends', () => {
  const sentences = Array.from({ length: 12 }, (_, i) => `Sentence${i} one two\nthree four five six\nseven eight nine.`)
  const text = sentences.join(' ')
  const found = chunks(text).map((chunk) => chunk.text)
  expect(found.length).toBeGreaterThan(2)
  expect(found.filter((part) => !part.endsWith('nine.'))).toEqual([])
})

test('a line that announces a list stays with it', () => {
  const text = `${words(33)}\n\nDo this:\n\n- one\n- two\n- three`
  expect(chunks(text).map((chunk) => chunk.text)).toEqual([words(33), 'Do this:\n\n- one\n- two\n- three'])
})

test('a list comes apart between its items', () => {
  const items = Array.from({ length: 9 }, (_, i) => `- ${words(8, `w${i}-`)}`)
  const found = chunks(items.join('\n'))
  expect(found.length).toBeGreaterThan(2)
  expect(found.flatMap((chunk) => chunk.text.split('\n'))).toEqual(items)
})

test('a heading in a code block is code, and a block that fits stays whole', () => {
  const code = '```sh\n# not a heading\nrun it\n\nrun more\n```'
  expect(chunks(`${words(30)}\n\n${code}`)).toEqual([
    { header: 'Guide', text: words(30) },
    { header: 'Guide', text: code },
  ])
})

test('a long code block comes apart between lines, at blank ones first', () => {
  const text = ['```', line('a'), line('b'), '', line('c'), line('d'), '', line('e'), line('f'), '```'].join('\n')
  const found = chunks(text).map((chunk) => chunk.text)
  expect(found).toEqual([
    ['```', line('a'), line('b')].join('\n'),
    [line('c'), line('d')].join('\n'),
    [line('e'), line('f'), '```'].join('\n'),
  ])
})

test('a long table comes apart between rows, its header repeated', () => {
  const head = '| Name | Use |\n|---|---|'
  const rows = Array.from({ length: 8 }, (_, i) => `| name${i} | ${words(4)} |`)
  const found = chunks(`${head}\n${rows.join('\n')}`)
  expect(found.length).toBeGreaterThan(2)
  for (const chunk of found) expect(chunk.text.startsWith(`${head}\n| name`)).toBe(true)
  expect(found.flatMap((chunk) => chunk.text.split('\n').slice(2))).toEqual(rows)
})

test('a row longer than a chunk comes apart between words', () => {
  const found = chunks(`| A |\n|---|\n| ${words(100)} |`)
  for (const { header, text } of found) expect(countTokens(header) + countTokens(text) + 2).toBeLessThanOrEqual(40)
})

test('borders of tables and underlines of headings are shortened', () => {
  const text = `Heading\n${'='.repeat(60)}\n\n| a | b |\n|${'-'.repeat(30)}|${'-'.repeat(30)}|\n| 1 | 2 |`
  expect(chunks(text)).toEqual([{ header: 'Guide › Heading', text: 'Heading\n===\n\n| a | b |\n|---|---|\n| 1 | 2 |' }])
})

test('reStructuredText ranks headings by the order in which their adornments appear', () => {
  const text = `Top
===

${words(25, 'a')}

Inner
-----

${words(25, 'b')}

Deep
~~~~

${words(25, 'c')}

Next
====

${words(25, 'd')}`
  const headers = chunks(text, { mediaType: 'text/x-rst' }).map(({ header }) => header)
  expect(headers).toEqual(['Guide › Top', 'Guide › Top › Inner', 'Guide › Top › Inner › Deep', 'Guide › Next'])
})

test('a directive of reStructuredText stays whole', () => {
  const directive = '.. code-block:: python\n   :caption: x\n\n   a = 1\n\n   b = 2'
  expect(chunks(`${words(30)}\n\n${directive}`, { mediaType: 'text/x-rst' })[1]?.text).toBe(directive)
})

test('a grid table of reStructuredText comes apart between rows below its header', () => {
  const rows = Array.from({ length: 10 }, (_, i) => `| n${i} | two words |\n+----+-----------+`)
  const text = `+----+-----------+\n| id | what      |\n+====+===========+\n${rows.join('\n')}`
  const found = chunks(text, { mediaType: 'text/x-rst' })
  expect(found.length).toBeGreaterThan(1)
  for (const chunk of found) expect(chunk.text.startsWith('+---+---+\n| id | what      |\n+===+===+\n| n')).toBe(true)
})

test('rows of a CSV name every value and stay apart unless they are tiny', () => {
  const text = `id,name,about\n1,Ann,"${words(12)}"\n2,Bob,\n3,Cid,"${words(12)}"`
  expect(chunks(text, { mediaType: 'text/csv', title: 'people' })).toEqual([
    { header: 'people', text: `id: 1\nname: Ann\nabout: ${words(12)}` },
    { header: 'people', text: `id: 2\nname: Bob\n\nid: 3\nname: Cid\nabout: ${words(12)}` },
  ])
})

test('a CSV without a header row, with open quotes or rows of any length still shows its values', () => {
  expect(csv('1;2;3\n4;5;6')).toEqual(['1 | 2 | 3\n\n4 | 5 | 6'])
  expect(csv('a,b\n1,"open\n2,3')).toEqual(['a: 1\nb: "open\n\na: 2\nb: 3'])
  expect(csv('a,b\n1,2,3\n4')).toEqual(['a: 1\nb: 2\ncolumn 3: 3\n\na: 4'])
})

test('JSON comes apart by its entries, whose keys are headings', () => {
  const value = { small: 1, steps: { first: words(20), second: words(20) }, last: true }
  expect(chunks(JSON.stringify(value, null, 2), { mediaType: 'application/json' })).toEqual([
    { header: 'Guide', text: `{\n  "small": 1,\n  "steps": {\n    "first": "${words(20)}",` },
    { header: 'Guide › steps › second', text: `    "second": "${words(20)}"\n  },` },
    { header: 'Guide › last', text: '  "last": true\n}' },
  ])
})

test('JSON Lines come apart between lines', () => {
  const lines = Array.from({ length: 6 }, (_, i) => `{ "id": ${i}, "text": "${words(10)}" }`)
  const found = chunks(lines.join('\n'), { mediaType: 'application/x-ndjson' })
  expect(found.map((chunk) => chunk.text)).toEqual(lines)
})
