/** Positions in a text by line; every `at` is the start of a line. */
export interface LineReader {
  readonly text: string
  /** Start of the next line, or the text's length. */
  next(at: number): number
  isBlank(at: number): boolean
  /** The line without its newline. */
  line(at: number): string
  /** Columns of white space at the line's start; a tab counts four. */
  indent(at: number): number
  /** Start of the first line from here that is not blank, or the text's length. */
  skipBlank(at: number): number
}

/** Text without the blank lines at its start and the white space at its end. */
export function trimLines(text: string): string {
  return text.slice(readLines(text).skipBlank(0)).trimEnd()
}

export function readLines(text: string): LineReader {
  const next = (at: number): number => {
    const newline = text.indexOf('\n', at)
    return newline === -1 ? text.length : newline + 1
  }
  const firstInk = (at: number): number => {
    let i = at
    while (i < text.length && (text[i] === ' ' || text[i] === '\t')) i++
    return i
  }
  const isBlank = (at: number): boolean => {
    const ink = firstInk(at)
    return ink >= text.length || text[ink] === '\n'
  }
  return {
    text,
    next,
    isBlank,
    line(at) {
      const end = next(at)
      return text.slice(at, text[end - 1] === '\n' ? end - 1 : end)
    },
    indent(at) {
      let columns = 0
      for (let i = at; text[i] === ' ' || text[i] === '\t'; i++) columns += text[i] === '\t' ? 4 : 1
      return columns
    },
    skipBlank(at) {
      let i = at
      while (i < text.length && isBlank(i)) i = next(i)
      return i
    },
  }
}
