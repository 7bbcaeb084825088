const opening = /^(?<before>\s*(?:-\s+)*(?:[^\s'"#:][^'"#:]*:\s+)?)(?<quote>['"])/

/**
 * Indents the lines of quoted text that goes over several, as YAML asks and its older readers do not: OSI's own examples
 * end JSON at the indentation of its key. Their leading spaces mean nothing, and the number of lines stays.
 */
export function indentQuoted(text: string): string {
  let quote: string | undefined
  let indent = ''
  const lines = text.split('\n').map((line) => {
    if (quote !== undefined) {
      const isClosed = closes(line, quote)
      quote = isClosed ? undefined : quote
      return indent + line
    }
    const { before = '', quote: found } = opening.exec(line)?.groups ?? {}
    if (found === undefined || closes(line.slice(before.length + 1), found)) return line
    quote = found
    indent = ' '.repeat(before.length + 1)
    return line
  })
  return lines.join('\n')
}

function closes(text: string, quote: string): boolean {
  const escapes = quote === "'" ? /''/g : /\\./g
  return text.replaceAll(escapes, '').includes(quote)
}
