import { decodeHTMLStrict } from 'entities'
import { findCodeSpans } from './code-spans.ts'
import { expressionEnd, scanTag, type Tag } from './scan-tag.ts'
import { isDropped, isMarkup, textOfTag } from './tag-text.ts'

/** Text between code blocks of Markdown, without comments and tags; of MDX also without JSX and expressions. */
export function stripMarkup(text: string, isJsx: boolean): string {
  const codeEnd = findCodeSpans(text)
  const inTableRow = rowsOf(text)
  const mark = isJsx ? /[`<{\\]/g : /[`<\\]/g
  // Looking ahead in vain is paid from this, so that no text can make it quadratic.
  let budget = text.length * 8 + 100_000
  const out: string[] = []
  let done = 0

  const drop = (from: number, to: number, instead = ''): void => {
    out.push(decodeHTMLStrict(text.slice(done, from)), instead)
    done = to
    mark.lastIndex = to
  }
  const keep = (from: number, to: number): void => drop(from, to, text.slice(from, to))

  const take = (tag: Tag, at: number): void => {
    const end = isDropped(tag) ? elementEnd(text, tag) : tag.end
    if (end === undefined) budget -= text.length - at
    drop(at, end ?? tag.end, textOfTag(tag, inTableRow(at)))
  }

  for (let found = mark.exec(text); found !== null && budget > 0; found = mark.exec(text)) {
    const at = found.index
    if (found[0] === '\\') {
      if (isJsx && /[<{}]/.test(text.charAt(at + 1))) drop(at, at + 2, text.charAt(at + 1))
      else keep(at, at + 2)
    } else if (found[0] === '`') keep(at, codeEnd(at) ?? endOfRun(text, at))
    else if (found[0] === '{') {
      const end = expressionEnd(text, at)
      if (end === undefined) budget -= Math.min(20_000, text.length - at)
      else drop(at, end, textOfExpression(text.slice(at + 1, end - 1)))
    } else if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at + 4)
      if (end === -1) budget = 0
      else drop(at, end + 3)
    } else {
      const { tag, looked } = scanTag(text, at, isJsx)
      if (tag !== undefined && isMarkup(tag, isJsx)) take(tag, at)
      else budget -= looked
    }
  }
  return out.join('') + decodeHTMLStrict(text.slice(done))
}

function endOfRun(text: string, at: number): number {
  let end = at
  while (text[end] === '`') end++
  return end
}

/** The words of a string; a comment has none; other code stays, it may be all there is. */
function textOfExpression(code: string): string {
  const inner = code.trim()
  if (/^\/\*[\s\S]*\*\/$/.test(inner) || inner.startsWith('//')) return ''
  const string = /^(["'`])([\s\S]*)\1$/.exec(inner)?.[2]
  return string ?? `{${code}}`
}

/** Past the closing tag of an element. */
function elementEnd(text: string, tag: Tag): number | undefined {
  const closing = new RegExp(`</${tag.name}\\s*>`, 'gi')
  closing.lastIndex = tag.end
  return closing.test(text) ? closing.lastIndex : undefined
}

/** Tells, for ascending offsets, whether their line is a row of a table. */
function rowsOf(text: string): (at: number) => boolean {
  let start = 0
  let newline = text.indexOf('\n')
  return (at) => {
    while (newline !== -1 && newline < at) {
      start = newline + 1
      newline = text.indexOf('\n', start)
    }
    return text.charAt(start) === '|'
  }
}
