/** Collects the cells of one table. */
export interface TableWriter {
  row(): void
  cell(): void
  text(text: string): void
  /** Rows of Markdown; paragraphs where the table only arranges longer texts. */
  done(): string
}

const longestCell = 600

export function openTableWriter(): TableWriter {
  const above: string[] = []
  const rows: string[][] = []
  return {
    row: () => void rows.push([]),
    cell() {
      if (rows.length === 0) rows.push([])
      rows.at(-1)?.push('')
    },
    text(text) {
      const row = rows.at(-1)
      const cell = row?.pop()
      if (row === undefined || cell === undefined) above.push(text)
      else row.push(cell === '' ? text : `${cell}\n${text}`)
    },
    done() {
      const filled = rows.filter((row) => row.some((cell) => cell !== ''))
      const arranges = filled.every((row) => row.length < 2) || filled.flat().some((cell) => cell.length > longestCell)
      const text = arranges
        ? filled
            .flat()
            .filter((cell) => cell !== '')
            .join('\n\n')
        : markdownOf(filled)
      return [...above, text].filter((part) => part !== '').join('\n\n')
    },
  }
}

function markdownOf(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows
  const width = Math.max(...rows.slice(0, 1000).map((row) => row.length))
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell) => cell.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|'))
    return `| ${[...cells, ...Array<string>(Math.max(0, Math.min(width, 200) - cells.length)).fill('')].join(' | ')} |`
  }
  return [line(head), `|${' --- |'.repeat(Math.max(1, head.length))}`, ...body.map(line)].join('\n')
}
