import { readLines } from '../chunk/line-reader.ts'

const fence = /^[ \t]*(`{3,}|~{3,})/
const item = /^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]/

/**
 * MDX without the indentation that only shows which component encloses a line: there, unlike in Markdown, it never means
 * code. Lists and code blocks keep their inner one.
 */
export function dedentMdx(text: string): string {
  const lines = readLines(text)
  const out: string[] = []
  let list: number | undefined
  let open: { marker: string; remove: number } | undefined
  for (let at = 0; at < text.length; at = lines.next(at)) {
    const line = text.slice(at, lines.next(at))
    const indent = Math.min(lines.indent(at), 400)
    const marker = fence.exec(line.slice(0, 400))?.[1]
    if (open !== undefined) {
      out.push(withoutIndent(line, open.remove))
      if (marker?.startsWith(open.marker) === true && line.trim() === marker) open = undefined
      continue
    }
    if (line.trim() === '') {
      out.push('\n')
      continue
    }
    const isItem = item.test(line.slice(0, 400))
    if (list === undefined || indent < list || (!isItem && indent < list + 2)) list = isItem ? indent : undefined
    const remove = list ?? indent
    if (marker !== undefined) open = { marker, remove }
    out.push(withoutIndent(line, remove))
  }
  return out.join('')
}

function withoutIndent(line: string, columns: number): string {
  let at = 0
  for (let column = 0; column < columns && (line[at] === ' ' || line[at] === '\t'); at++) {
    column += line[at] === '\t' ? 4 : 1
  }
  return line.slice(at)
}

const moduleLine =
  /^(?:import\s+(?:['"]|\{|\*\s+as\s|[\w$]+\s*(?:,|from\s))|export\s+(?:const|let|var|function|default|async|class|\{|\*)(?![\w]))/
const longestModule = 2000
// Lines looked at in vain in one text, so that no text can make it quadratic.
const mostVain = 20_000

/** MDX without its imports and exports; each ends at a blank line outside brackets. */
export function dropModules(text: string): string {
  const lines = text.split('\n')
  const kept: string[] = []
  let vain = 0
  let blankAbove = true
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (blankAbove && vain < mostVain && moduleLine.test(line.slice(0, 300))) {
      const end = moduleEnd(lines, i)
      if (end === undefined) vain += longestModule
      kept.push('')
      // Never closed: only this line goes.
      i = end ?? i
      continue
    }
    kept.push(line)
    blankAbove = line.trim() === ''
  }
  return kept.join('\n')
}

/** Its last line; undefined when its brackets do not close. */
function moduleEnd(lines: readonly string[], from: number): number | undefined {
  let depth = 0
  const last = Math.min(lines.length, from + longestModule)
  for (let i = from; i < last; i++) {
    const line = lines[i] ?? ''
    if (line.trim() === '' && depth <= 0) return i - 1
    for (const bracket of line.match(/[()[\]{}]/g) ?? []) depth += '([{'.includes(bracket) ? 1 : -1
  }
  return depth > 0 ? undefined : last - 1
}
