import { expect, test } from 'vitest'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'
import type { ParsedDocument } from '../../src/pipeline/parse/parsed-document.ts'

const markdown = (text: string, path = 'docs/my-page.md'): ParsedDocument =>
  parseDocument({ path, mediaType: 'text/markdown', text })
const mdx = (text: string): ParsedDocument => parseDocument({ path: 'docs/page.mdx', mediaType: 'text/mdx', text })

test('front matter is read and does not stay in the text', () => {
  const text = '---\ntitle: The title\ntags: [a, b]\ndate: 2024-05-01\ndraft: false\n---\n\n# Other\n\nBody.'
  expect(markdown(text)).toEqual({
    path: 'docs/my-page.md',
    title: 'The title',
    text: '# Other\n\nBody.',
    mediaType: 'text/markdown',
    frontMatter: { title: 'The title', tags: ['a', 'b'], date: '2024-05-01', draft: false },
  })
})

test('front matter in TOML is read too', () => {
  const { title, frontMatter, text } = markdown("+++\ntitle = 'T'\ndate = 2024-05-01T10:00:00Z\n+++\nBody.")
  expect({ title, frontMatter, text }).toEqual({
    title: 'T',
    frontMatter: { title: 'T', date: '2024-05-01T10:00:00.000Z' },
    text: 'Body.',
  })
})

test('front matter that does not parse, or is none, stays as text', () => {
  expect(markdown('---\na: [1\n---\nBody.')).toMatchObject({ frontMatter: {}, text: '---\na: [1\n---\nBody.' })
  expect(markdown('---\nJust prose.\n---\nBody.')).toMatchObject({ text: '---\nJust prose.\n---\nBody.' })
})

test('the title is the first heading of the first rank, else the name of the file made readable', () => {
  expect(markdown('Intro\n\n## Sub\n\n# The *real* `title`\n').title).toBe('The real title')
  expect(markdown('Setext\n======\n').title).toBe('Setext')
  expect(markdown('## Sub').title).toBe('My page')
  expect(markdown('text', 'guides/getting-started/index.md').title).toBe('Getting started')
  expect(markdown('text', 'README.md').title).toBe('README')
})

test('a description that the text does not repeat opens it', () => {
  expect(markdown('---\ndescription: How to start\n---\nBody.').text).toBe('How to start\n\nBody.')
  expect(markdown('---\ndescription: How to start\n---\nSee How to start.').text).toBe('See How to start.')
})

test('the address that a page names as its own is its url', () => {
  expect(markdown('---\ncanonical_url: https://example.com/a\n---\n').url).toBe('https://example.com/a')
  expect(markdown('---\nurl: javascript:alert(1)\n---\n').url).toBeUndefined()
})

test('comments and tags go, their words stay, and code is left alone', () => {
  const text = [
    '<p align="center"><img src="x.png" alt="Logo"></p>',
    '',
    'Press <kbd>F1</kbd> &amp; read<!-- hidden --> on, `a <b> &lt; c`.',
    '',
    '```html',
    '<b>&amp;</b> <!-- kept -->',
    '```',
  ].join('\n')
  expect(markdown(text).text).toBe(
    'Logo\n\nPress `F1` & read on, `a <b> &lt; c`.\n\n```html\n<b>&amp;</b> <!-- kept -->\n```',
  )
})

test('what only looks like a tag stays', () => {
  const text = 'Vec<T> for <your-key>, <https://example.com>, a < b and 1<2.'
  expect(markdown(text).text).toBe(text)
})

test('imports, exports and comments of MDX go', () => {
  const text = `import { Card } from 'card'\nimport x from "y"\n\nexport const meta = {\n  a: 1,\n\n  b: 2,\n}\n\n# Hi\n\nimport this sentence.{/* note */}`
  expect(mdx(text)).toMatchObject({ title: 'Hi', text: '# Hi\n\nimport this sentence.' })
})

test('JSX is dropped to its text, titles of components included, and its indentation with it', () => {
  const text = `<Steps>
  <Step title="Install">
    Run this:

    \`\`\`sh
    npm i <x>
      indented
    \`\`\`

    - one
      - nested
  </Step>
</Steps>
<Icon name={{ a: '}' }} size={2 > 1} />
Done{' '}now, {props.name}.`
  expect(mdx(text).text).toBe(`**Install**

Run this:

\`\`\`sh
npm i <x>
  indented
\`\`\`

- one
  - nested

Done now, {props.name}.`)
})

test('entities and escaped braces of MDX are read', () => {
  expect(mdx('A &mdash; b, \\{c\\}, `&lt;`').text).toBe('A — b, {c}, `&lt;`')
})

test('a character hidden as an entity is removed as well', () => {
  expect(mdx('in&#8203;visible').text).toBe('invisible')
})
