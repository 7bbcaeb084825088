import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('indexers/README.md')
const quotes = [...page.matchAll(/From\s`([^`]+)`:\n\n```ts\n([^]*?)```/g)].map(([, path = '', code = '']) => [
  path,
  code,
])

test('all code of the page on indexers is quoted from a file', () => {
  expect(quotes).toHaveLength(page.split('```ts\n').length - 1)
  expect(quotes).toHaveLength(4)
})

test.each(quotes)('the page on indexers quotes %s as it is', (path, code) => {
  expect(read(path ?? '')).toContain(code)
})
