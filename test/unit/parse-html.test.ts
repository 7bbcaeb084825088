import { expect, test } from 'vitest'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'
import type { ParsedDocument } from '../../src/pipeline/parse/parsed-document.ts'

const html = (text: string): ParsedDocument =>
  parseDocument({ path: 'site/some-page.html', mediaType: 'text/html', text })

test('a page becomes Markdown: headings, paragraphs, lists, code and tables', () => {
  const page = `<!doctype html><html lang="en"><head><title> Page &amp; title </title>
    <meta name="description" content="What it is"><link rel="canonical" href="https://example.com/p">
    <style>p { color: red }</style></head>
    <body><h1>Top</h1><p>Some <b>bold</b> and
      <a href="/x">linked</a> text<br>next line.</p>
    <ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul><ol><li>first</li><li>second</li></ol>
    <pre><code class="language-js">if (a &lt; b) {
  go()
}</code></pre>
    <table><thead><tr><th>Name</th><th>Use</th></tr></thead><tr><td>a|b</td><td><code>x</code></td></tr></table>
    <script>alert(1)</script></body></html>`
  expect(html(page)).toEqual({
    path: 'site/some-page.html',
    title: 'Page & title',
    text: `# Top

Some bold and linked text
next line.

- one
  - inner
- two

1. first
2. second

\`\`\`js
if (a < b) {
  go()
}
\`\`\`

| Name | Use |
| --- | --- |
| a\\|b | \`x\` |`,
    mediaType: 'text/markdown',
    frontMatter: { lang: 'en', description: 'What it is' },
    url: 'https://example.com/p',
  })
})

test('navigation goes, and with a main part everything around it', () => {
  const page = `<header>Brand</header><nav>Home</nav><div>Cookie banner</div>
    <main><header><h1>Title</h1></header><nav>In page</nav><p>Content.</p><aside>Note.</aside></main><footer>Legal</footer>`
  expect(html(page)).toMatchObject({ title: 'Title', text: '# Title\n\nContent.\n\nNote.' })
})

test('without a main part only what frames the page goes', () => {
  const page = '<header>Brand</header><div><p>Content.</p></div><aside>Related</aside><footer>Legal</footer>'
  expect(html(page).text).toBe('Content.')
})

test('what a reader cannot see goes, panels of tabs stay', () => {
  const page = `<p>Seen</p><p style="display: none">a</p><div hidden>b</div><span aria-hidden="true">c</span>
    <div role="tabpanel" hidden>Tab</div><!-- d --><template>e</template><p>in&#8203;visible</p>`
  expect(html(page).text).toBe('Seen\n\nTab\n\ninvisible')
  expect(html('<body style="visibility: hidden">Shown by a script</body>').text).toBe('Shown by a script')
})

test('a table that only arranges a page becomes paragraphs', () => {
  expect(html('<table><tr><td>Menu</td></tr><tr><td><p>One.</p><p>Two.</p></td></tr></table>').text).toBe(
    'Menu\n\nOne.\nTwo.',
  )
})

test('the title is that of the first heading, else of the file, when the page names none', () => {
  expect(html('<h1>Heading</h1>').title).toBe('Heading')
  expect(html('<p>x</p>').title).toBe('Some page')
})

test('broken pages are read as far as they go', () => {
  expect(html('<p>One<p>Two<ul><li>a<li>b</ul><table><tr><td>x').text).toBe('One\n\nTwo\n\n- a\n- b\n\nx')
  expect(html('a < b & c &nope; <unknown>d</unknown>').text).toBe('a < b & c &nope; d')
})

test('a page nested beyond reason keeps its words', () => {
  const page = `<title>T</title>${'<div>'.repeat(100_000)}deep &amp; down${'</div>'.repeat(100_000)}<script>no</script>`
  expect(html(page).text).toBe('T deep & down')
})
