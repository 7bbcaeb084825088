import { type Block, seams } from './block.ts'
import { jsonStringEnd } from './json-string-end.ts'
import { openSection } from './section.ts'

// Deeper entries come apart by their lines: bounds the number of looks at one text.
const deepest = 8

/** The entries of the outermost array or object that has several; those of an object carry their key as a heading. */
export function divideJson(text: string, block: Block): Block[] {
  const depth = (block.depth ?? 0) + 1
  const container = depth > deepest ? undefined : findContainer(text, block)
  if (container === undefined) return [{ ...block, kind: 'code' }]
  const starts = [block.start, ...container.cuts]
  return starts.map((start, i): Block => {
    const key = container.keyed ? keyAt(text, i === 0 ? container.open + 1 : start) : undefined
    const section = key === undefined ? block.section : openSection(block.section, block.section.level + 1, key)
    const opens =
      i === 0 ? (block.opens ?? (key === undefined ? undefined : section)) : key === undefined ? undefined : section
    return {
      kind: 'json',
      start,
      end: starts[i + 1] ?? block.end,
      seam: i === 0 ? block.seam : depth === 1 ? seams.record : Math.max(seams.line, seams.paragraph - depth),
      section,
      ...(opens && { opens }),
      depth,
    }
  })
}

interface Container {
  readonly open: number
  readonly keyed: boolean
  /** Where its second and later entries start. */
  readonly cuts: readonly number[]
}

function findContainer(text: string, block: Block): Container | undefined {
  const openers: number[] = []
  let level = 0
  let best: { level: number; open: number; cuts: number[] } | undefined
  const mark = /["{}[\],]/g
  mark.lastIndex = block.start
  for (let found = mark.exec(text); found !== null && found.index < block.end; found = mark.exec(text)) {
    const char = found[0]
    if (char === '"') mark.lastIndex = jsonStringEnd(text, found.index)
    else if (char === '{' || char === '[') openers[++level] = found.index
    else if (char === '}' || char === ']') level = Math.max(0, level - 1)
    else if (best === undefined || level <= best.level) {
      const cut = afterSpace(text, found.index + 1)
      if (cut >= block.end) continue
      const open = openers[level] ?? block.start
      if (best === undefined || level < best.level) best = { level, open, cuts: [] }
      if (open === best.open) best.cuts.push(cut)
    }
  }
  return best && { open: best.open, keyed: text[best.open] === '{', cuts: best.cuts }
}

function keyAt(text: string, at: number): string | undefined {
  return /^\s*"((?:[^"\\\n]|\\.){1,120})"\s*:/.exec(text.slice(at, at + 400))?.[1]
}

/** Past the rest of the line if it is empty, so that the indentation stays with what it indents. */
function afterSpace(text: string, at: number): number {
  const rest = /[ \t]*(?:\n|$)/y
  rest.lastIndex = at
  return rest.test(text) ? rest.lastIndex : at
}
