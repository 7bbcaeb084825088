import type { NumbersRequest, RefusalView } from '../../core/numbers.ts'
import { queryCommand } from './query-command.ts'

/** Why there is no number, and what to ask instead. `metrics` are the names there are. */
export function refusalText(refusal: RefusalView, request: NumbersRequest, metrics: readonly string[]): string {
  const commands = refusal.nearest
    .slice(0, 5)
    .map((name) => `  ${queryCommand(replaceRefused(name, refusal.message, request, metrics))}`)
  return [
    `Refused (${refusal.reason.replaceAll('_', ' ')}): ${refusal.message}`,
    ...(commands.length === 0 ? [] : ['Ask instead:', ...commands]),
  ].join('\n')
}

/** The question with this name in the place of what the message speaks of. */
function replaceRefused(
  name: string,
  message: string,
  request: NumbersRequest,
  metrics: readonly string[],
): NumbersRequest {
  const { by = [], where } = request
  if (metrics.includes(name)) return { ...request, metrics: [name] }
  const refused = by.findIndex((one) => mentions(message, one))
  if (refused !== -1) return { ...request, by: by.with(refused, likeWritten(by[refused] ?? '', name)) }
  const word = where?.match(/[a-z]\w*/g)?.find((one) => mentions(message, one))
  if (where === undefined || word === undefined) return { ...request, by: [...by, name] }
  return { ...request, where: where.replaceAll(new RegExp(`\\b${word}\\b`, 'g'), likeWritten(word, name)) }
}

/** Whether a name, with its grain or without, stands in a message as a word. */
function mentions(message: string, name: string): boolean {
  return [name, name.replace(grain, '')].some((one) =>
    new RegExp(`(?<!\\w)${one.replaceAll(/\W/g, '\\$&')}(?!\\w)`).test(message),
  )
}

const grain = /__(?:second|minute|hour|day|week|month|quarter|year|extract_\w+)$/

/** With the grain that was asked for, where it is the same dimension by its whole name. */
function likeWritten(written: string, name: string): string {
  const [suffix = ''] = grain.exec(written) ?? []
  const last = written.replace(grain, '').split('__').at(-1)
  return name.split('__').at(-1) === last ? `${name}${suffix}` : name
}
