import { z } from 'zod'

import type { AquiferError } from '../../../core/errors.ts'
import { toEngineError, type Worded } from '../../engine-words.ts'

/** A file that a statement reads: as it is called, and where it is on this disk. */
export interface PlacedFile {
  readonly path: string
  readonly local: string
}

const Reported = z.looseObject({
  exception_type: z.string(),
  exception_message: z.string().default(''),
  error_subtype: z.string().optional(),
  name: z.string().optional(),
  type: z.string().optional(),
  call: z.string().optional(),
})
type Reported = z.infer<typeof Reported>

/** What DuckDB says of an error (`errors_as_json`), which may hold values and SQL; undefined for what is not from it. */
function reportOf(thrown: unknown): Reported | undefined {
  if (!(thrown instanceof Error)) return undefined
  const start = thrown.message.indexOf('{"exception_type"')
  if (start === -1) {
    const type = /^([A-Z][A-Za-z ]*?) Error: /.exec(thrown.message)?.[1]
    return type === undefined ? undefined : { exception_type: type, exception_message: thrown.message }
  }
  try {
    return Reported.safeParse(JSON.parse(thrown.message.slice(start))).data
  } catch {
    return { exception_type: 'unknown', exception_message: thrown.message }
  }
}

/** Whether the database itself can't be used any more. */
export function isFatal(thrown: unknown): boolean {
  return ['FATAL', 'INTERNAL'].includes(reportOf(thrown)?.exception_type.toUpperCase() ?? '')
}

/** Whatever was thrown, in our words. A fault in one of the files names that file, and the line if it has lines. */
export const toDuckdbError = (thrown: unknown, connection: string, files: readonly PlacedFile[] = []): AquiferError =>
  toEngineError(thrown, connection, (error) => word(error, files))

function word(thrown: unknown, files: readonly PlacedFile[]): Worded {
  const report = reportOf(thrown)
  if (report === undefined) return ['INTERNAL', 'something went wrong inside Aquifer']
  const text = report.exception_message
  if (/^Out of Memory/i.test(report.exception_type)) {
    return [
      'METRIC_TOO_LARGE',
      'the statement needs more memory than `memory` allows',
      'Ask for less: a shorter time, a coarser grain or fewer dimensions; or raise `memory` and `spill` of the connection.',
    ]
  }
  // A path may be the beginning of another one.
  const [file] = files.filter(({ local }) => text.includes(local)).toSorted((a, b) => b.local.length - a.local.length)
  if (file !== undefined) return wordFile(file, text)
  return (
    byType[report.exception_type]?.(report) ?? ['METRIC_SQL_FAILED', `the statement fails (${report.exception_type})`]
  )
}

function wordFile({ path }: PlacedFile, text: string): Worded {
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1]
  const place = line === undefined ? path : `${path}, line ${line},`
  const [, problem = 'cannot be read as what its name says'] = faults.find(([pattern]) => pattern.test(text)) ?? []
  return ['METRIC_DATA_INVALID', `${place} ${problem}`]
}

const faults: readonly (readonly [pattern: RegExp, problem: string])[] = [
  [/not utf-8|Invalid unicode/i, 'is not UTF-8'],
  [/Expected Number of Columns/i, 'has more or fewer columns than its head'],
  [/No files found|No such file|Cannot open|Could not (?:read|open)|IO Error/i, 'cannot be opened'],
  [/when sniffing|invalid state/i, 'is no CSV whose lines and columns could be told apart'],
  [/unterminated quote/i, 'has a quote that does not end'],
]

const sqlFailed = (problem: string): Worded => ['METRIC_SQL_FAILED', problem]

const byType: Readonly<Record<string, (report: Reported) => Worded>> = {
  Binder: ({ error_subtype: kind, name = '', call = name, exception_message: text }) => {
    if (kind === 'COLUMN_NOT_FOUND') return sqlFailed(`there is no column ${name}`)
    if (kind === 'NO_MATCHING_FUNCTION') return sqlFailed(`no function or operator takes the types of ${call}`)
    const missing = /does not have a column named "([^"]+)"/.exec(text)?.[1]
    if (missing !== undefined) return sqlFailed(`there is no column ${missing}`)
    const unclear = /Ambiguous reference to column name "([^"]+)"/.exec(text)?.[1]
    if (unclear !== undefined) return sqlFailed(`column ${unclear} is ambiguous`)
    return sqlFailed('an expression does not fit what it is used on')
  },
  Catalog: ({ type = '', name = '' }) =>
    /function|macro/i.test(type)
      ? sqlFailed(`there is no function ${name}`)
      : ['METRIC_TABLE_UNKNOWN', `there is no table ${name}`],
  Parser: () => sqlFailed('an expression is not valid SQL'),
  Conversion: () => sqlFailed('an expression reads text as something that it is not'),
  'Out of Range': () => sqlFailed('a number is too large for its type'),
  Permission: () => sqlFailed('the statement reaches for files; files are named as tables'),
  'Mismatch Type': () => sqlFailed('an expression mixes types'),
  IO: ({ exception_message: text }) => {
    if (/lock on file/i.test(text)) return ['METRIC_ENGINE_BUSY', 'another process writes its database file']
    if (/not a valid DuckDB|Serialization|version number/i.test(text)) {
      return ['METRIC_DATA_INVALID', 'its file is no database of DuckDB, or one of a newer version']
    }
    return ['METRIC_ENGINE_UNREACHABLE', 'its files cannot be read']
  },
  Serialization: () => ['METRIC_DATA_INVALID', 'its file is no database of DuckDB, or one of a newer version'],
  FATAL: () => ['METRIC_ENGINE_UNREACHABLE', 'DuckDB had to give up; the next statement begins anew'],
  INTERNAL: () => ['METRIC_ENGINE_UNREACHABLE', 'DuckDB reports an internal error'],
}
