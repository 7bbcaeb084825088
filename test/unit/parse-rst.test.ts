import { expect, test } from 'vitest'
import { parseDocument } from '../../src/pipeline/parse/parse-document.ts'
import type { ParsedDocument } from '../../src/pipeline/parse/parsed-document.ts'

const rst = (text: string): ParsedDocument =>
  parseDocument({ path: 'peps/pep-0008.rst', mediaType: 'text/x-rst', text })

test('the preamble of a PEP is read, gives the title and stays in the text', () => {
  const text = `PEP: 8
Title: Style Guide for Python Code
Author: Guido van Rossum <guido@python.org>,
        Barry Warsaw <barry@python.org>
Python-Version: 3.1

Introduction
============

Text.`
  expect(rst(text)).toEqual({
    path: 'peps/pep-0008.rst',
    title: 'PEP 8 – Style Guide for Python Code',
    text,
    mediaType: 'text/x-rst',
    frontMatter: {
      pep: '8',
      title: 'Style Guide for Python Code',
      author: 'Guido van Rossum <guido@python.org>, Barry Warsaw <barry@python.org>',
      python_version: '3.1',
    },
  })
})

test('a field list at the start or below the title is read', () => {
  expect(rst(':Author: Ann\n:Last Changed: now\n\nText').frontMatter).toEqual({ author: 'Ann', last_changed: 'now' })
  const titled = rst('=====\nTitle\n=====\n\n:Status: Draft\n   and more\n\nText')
  expect(titled).toMatchObject({ title: 'Title', frontMatter: { status: 'Draft and more' } })
})

test('a first paragraph with colons is no preamble', () => {
  expect(rst('Note: this is text.\nIt goes on.\n')).toMatchObject({ title: 'Pep 0008', frontMatter: {} })
})
