import { describe, expect, test } from 'vitest'
import { FilesSource } from '../../indexers/files/config.ts'
import { makeRules } from '../../indexers/files/rules.ts'
import type { Rules } from '../../indexers/files/rules.ts'

function rules(settings: { include?: string[]; exclude?: string[] } = {}): Rules {
  return makeRules(FilesSource.parse({ path: '/docs', ...settings }))
}

describe('which files are read', () => {
  test.each([
    ['a.md', 'text/markdown'],
    ['deep/er/A.Markdown', 'text/markdown'],
    ['a.mdx', 'text/mdx'],
    ['a.rst', 'text/x-rst'],
    ['a.htm', 'text/html'],
    ['a.TXT', 'text/plain'],
    ['a.csv', 'text/csv'],
    ['a.tsv', 'text/tab-separated-values'],
    ['a.json', 'application/json'],
    ['a.jsonl', 'application/x-ndjson'],
    ['a.ndjson', 'application/x-ndjson'],
    ['two\nlines.md', 'text/markdown'],
    ['a.pdf', undefined],
    ['md', undefined],
    ['.hidden.md', undefined],
  ])('by default, %j is read as %s', (key, mediaType) => {
    expect(rules().mediaType(key)).toBe(mediaType)
  })

  test.each([
    [['**/*.md'], 'a/b/c.md', true],
    [['**/*.md'], 'two\nlines/c.md', true],
    [['**/*.md'], '.hidden/c.md', false],
    [['.github/**'], '.github/a.md', true],
    [['docs/'], 'docs/a/b.md', true],
    [['./docs/*.md'], 'docs/a.md', true],
    [['docs/*.md'], 'docs/a/b.md', false],
    [['{a,b}/*.md'], 'b/x.md', true],
    [['**/node_modules/*/README.md'], 'x/node_modules/y/README.md', true],
    [['*.MD'], 'a.md', false],
  ])('include %j of %j is %s', (include, key, isRead) => {
    expect(rules({ include }).mediaType(key) !== undefined).toBe(isRead)
  })

  test.each([
    ['drafts', 'drafts', false],
    ['drafts/', 'drafts', false],
    ['drafts/**', 'drafts', false],
    ['drafts', 'x/drafts', true],
    ['**/drafts/**', 'x/drafts', false],
    ['**/.x/**', 'a/.x', false],
  ])('exclude %j, folder %j is entered: %s', (exclude, key, isEntered) => {
    expect(rules({ exclude: [exclude] }).enters(key)).toBe(isEntered)
  })

  test.each([
    [['docs/**/*.md'], 'docs', true],
    [['docs/**/*.md'], 'docs/a', true],
    [['docs/**/*.md'], 'docsother', false],
    [['docs/a/*.md'], 'docs', true],
    [['docs/a/*.md'], 'docs/b', false],
    [['docs/**', '*.md'], 'src', true],
    [['docs/a.md'], 'src', false],
  ])('only folders that can hold a match of %j are entered: %j %s', (include, key, isEntered) => {
    expect(rules({ include }).enters(key)).toBe(isEntered)
  })

  test.each(['/etc/*.md', '../*.md', 'a/../../b.md', ''])(
    'the pattern %j, which leads elsewhere, is refused',
    (glob) => {
      expect(FilesSource.safeParse({ path: '/docs', include: [glob] }).success).toBe(false)
      expect(FilesSource.safeParse({ path: '/docs', exclude: [glob] }).success).toBe(false)
    },
  )

  test('a key that there is not is refused', () => {
    expect(FilesSource.safeParse({ path: '/docs', includes: ['*.md'] }).success).toBe(false)
  })
})
