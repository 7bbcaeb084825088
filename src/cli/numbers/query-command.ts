import type { NumbersRequest } from '../../core/numbers.ts'

/** The command that asks this, ready for a shell. */
export function queryCommand(request: NumbersRequest): string {
  const { metrics, by = [], where, from, to, order = [], limit, timeZone, distinct, extent, totals } = request
  const options: readonly (readonly [string, string | undefined])[] = [
    ['--by', by.length === 0 ? undefined : by.join(',')],
    ['--where', where],
    ['--from', from],
    ['--to', to],
    ['--order', order.length === 0 ? undefined : order.join(',')],
    ['--limit', limit === undefined ? undefined : String(limit)],
    ['--time-zone', timeZone],
  ]
  const flags: readonly (readonly [string, boolean])[] = [
    ['--all-rows', distinct === false],
    ['--extent', extent === true],
    ['--totals', totals === true],
  ]
  return [
    'aquifer metrics query',
    ...metrics.map(quoted),
    ...options.flatMap(([name, value]) => (value === undefined ? [] : [name, quoted(value)])),
    ...flags.flatMap(([name, isSet]) => (isSet ? [name] : [])),
  ].join(' ')
}

function quoted(text: string): string {
  if (/^[\w.,:/+@%-]+$/.test(text)) return text
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", String.raw`'\''`)}'` : `"${text}"`
}
