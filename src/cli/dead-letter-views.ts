import type { App } from '../app.ts'
import { toErrorView } from '../core/errors.ts'
import { isoTime } from '../core/iso-time.ts'
import type { DeadLetter } from '../core/ledger.ts'
import type { ReplayOutcome } from '../pipeline/replay.ts'
import { table } from './table.ts'

type Payloads = (letter: DeadLetter) => string

/** Where each item is. Its content may be secret, so it is in no list. */
export async function payloadsOf(app: App, letters: readonly DeadLetter[]): Promise<Payloads> {
  const names = [...new Set(letters.map(({ source }) => source))].filter(
    (name) => app.config.sources[name] !== undefined,
  )
  const found = names.length === 0 ? [] : await app.groups(names)
  const types = new Map(found.flatMap(({ type, jobs }) => jobs.map((job) => [job.config.name, { type, job }])))
  return ({ source, key, position }) => {
    const known = types.get(source)
    return known?.type.whereIs?.(known.job.config.options, { key, position }) ?? `the item ${key} of ${source}`
  }
}

export function letterToJson({ firstAt, lastAt, ...letter }: DeadLetter, payloads: Payloads): object {
  const { source, key, position } = letter
  return {
    ...letter,
    payload: { source, key, position, open: payloads({ ...letter, firstAt, lastAt }) },
    first_at: isoTime(firstAt),
    last_at: isoTime(lastAt),
  }
}

export function letterToText(letter: DeadLetter, payloads: Payloads): string {
  return [
    lettersToText([letter]),
    `Open ${payloads(letter)}, at position ${letter.position}.`,
    `First ${isoTime(letter.firstAt)}, last ${isoTime(letter.lastAt)}.`,
    `  → ${letter.error.fix}`,
    `  → Then \`aquifer dead-letters replay ${String(letter.id)}\`.`,
  ].join('\n\n')
}

export function lettersToText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'Nothing was set aside.'
  return table(
    ['id', 'source', 'key', 'stage', 'tries', 'last', 'why'],
    letters.map(({ id, source, key, stage, attempts, lastAt, error }) => [
      String(id),
      source,
      key.slice(0, 60),
      stage,
      String(attempts),
      isoTime(lastAt).slice(0, 16),
      `${error.code} ${error.message}`,
    ]),
  )
}

export function replayToJson({ sources, projection }: ReplayOutcome): object {
  return {
    sources: sources.map(({ source, error, ...counts }) => ({
      name: source,
      ...counts,
      error: error === undefined ? null : toErrorView(error),
    })),
    projection_error: projection === undefined ? null : toErrorView(projection),
  }
}

export function replayToText({ sources }: ReplayOutcome): string {
  if (sources.length === 0) return 'Nothing was set aside.'
  return table(
    ['source', 'tried', 'settled', 'failed again', 'left', ''],
    sources.map(({ source, tried, settled, failed, left, error }) => [
      source,
      String(tried),
      String(settled),
      String(failed),
      String(left),
      error === undefined ? '' : error.code,
    ]),
  )
}
