import type { MetricDimension } from '../../core/numbers.ts'

/** What a metric can be asked by: its own, then a paragraph for each join that leads to more. */
export function dimensionLines(dimensions: readonly MetricDimension[], width = 100): readonly string[] {
  const groups = Map.groupBy(dimensions, ({ name }) => name.split('__').slice(0, -1).join('__'))
  const heads = [...groups].map(([prefix]) => (prefix === '' ? '' : `${prefix}__…`))
  const indent = Math.min(30, Math.max(...heads.map((head) => head.length))) + 2
  return [...groups].flatMap(([prefix, items], index) => {
    const texts = items.map((item) => itemText(item, prefix === '' ? item.name : item.name.slice(prefix.length + 2)))
    return paragraph(heads[index] ?? '', texts, { indent, width })
  })
}

function itemText({ kind, grain }: MetricDimension, name: string): string {
  if (kind === 'dimension') return name
  if (kind === 'entity') return `${name} (entity)`
  return grain === null ? `${name} (time)` : `${name} (time, ${grain} or coarser)`
}

function paragraph(
  head: string,
  items: readonly string[],
  { indent, width }: { readonly indent: number; readonly width: number },
): readonly string[] {
  const lines: string[] = []
  let line = head.length < indent ? head.padEnd(indent) : `${head}  `
  let isEmpty = true
  for (const [index, item] of items.entries()) {
    const text = index === items.length - 1 ? item : `${item},`
    if (!isEmpty && line.length + 1 + text.length > width) {
      lines.push(line)
      line = ' '.repeat(indent) + text
    } else line += isEmpty ? text : ` ${text}`
    isEmpty = false
  }
  return [...lines, line]
}
