import { AquiferError } from '../core/errors.ts'

export type Path = readonly PropertyKey[]

/** One thing wrong in a configuration, before it has a place in a file. */
export interface Problem {
  readonly path: Path
  /** What to point at: the key, or what it holds. */
  readonly at: 'key' | 'value'
  readonly message: string
}

/** A configuration as read, with a way back from a path to the place in the file. */
export interface ConfigDocument {
  readonly value: unknown
  /** `aquifer.yaml:4:10`; without line and column where the file is a program. */
  place(path: Path, at: 'key' | 'value'): string
}

/** `sources.films.fields[2]` */
export function pathText(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join('')
}

/** Everything that is wrong, in the order of the file, as one error. */
export function configInvalid(document: ConfigDocument, problems: readonly Problem[]): AquiferError {
  return invalid(problemLines(document, problems))
}

/** One line a problem, in the order of the file. */
export function problemLines(document: ConfigDocument, problems: readonly Problem[]): readonly string[] {
  const lines = problems.map(({ path, at, message }) => {
    const where = pathText(path)
    return `${document.place(path, at)}${where === '' ? '' : ` ${where}`}: ${message}`
  })
  return [...new Set(lines)].toSorted(byPlace)
}

/** CONFIG_INVALID with one line a problem. */
export function invalid(lines: readonly string[], cause?: unknown): AquiferError {
  const [only] = lines
  const message = lines.length === 1 && only !== undefined ? only : `${lines.length} problems:\n  ${lines.join('\n  ')}`
  return new AquiferError('CONFIG_INVALID', message, { cause })
}

const inOrder = new Intl.Collator('en', { numeric: true })

function byPlace(a: string, b: string): number {
  return inOrder.compare(placeOf(a), placeOf(b))
}

function placeOf(line: string): string {
  return line.slice(0, line.indexOf(' '))
}
