import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Filters, Hit, SearchAnswer } from '../../../schemas/search.ts'
import { AquiferError } from '../../core/errors.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { duration } from '../table.ts'

interface SearchFlags extends GlobalOptions {
  readonly source?: string[]
  readonly filter?: string[]
  readonly limit: number
  readonly cursor?: string
  readonly explain?: boolean
}

export function addSearch(program: Command): void {
  program
    .command('search')
    .argument('<query>', 'what to look for')
    .option('--source <name...>', 'only these sources')
    .option('--filter <field=value...>', 'only records whose field has the value; the same field again means either')
    .addOption(new Option('--limit <n>', 'how many hits, up to 100').default(10).argParser(toLimit))
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .option('--explain', 'show what each leg says of a hit')
    .description('Search by words and meaning, as agents do')
    .addHelpText(
      'after',
      '\nExamples:\n  aquifer search "how are refunds handled"\n  aquifer search dinosaur --source films --filter rating=PG --explain',
    )
    .action(async (query: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<SearchFlags>()
      await runCommand(flags, async (run) => {
        const filters = parseFilters(flags.filter ?? [])
        await using app = await run.openApp()
        const { source: sources, limit, cursor } = flags
        const answer = await app
          .knowledge()
          .search({ query, sources, filters, limit, cursor }, app.config.access.local, run.signal)
        run.print(answer, () => toText(answer, flags.explain === true))
      })
    })
}

function toLimit(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.')
}

function parseFilters(texts: readonly string[]): Filters {
  const filters: Record<string, string[]> = {}
  for (const text of texts) {
    const equals = text.indexOf('=')
    if (equals <= 0) throw new AquiferError('ARGUMENT_INVALID', `The filter ${text} is not of the form field=value.`)
    const name = text.slice(0, equals)
    filters[name] = [...(filters[name] ?? []), text.slice(equals + 1)]
  }
  return filters
}

function toText({ hits, notices, next_cursor }: SearchAnswer, explain: boolean): string {
  const parts = hits.map((hit, index) => oneHit(hit, index + 1, explain))
  if (hits.length === 0) parts.push('Nothing found.')
  parts.push(...notices)
  if (next_cursor !== undefined) parts.push(`More: --cursor ${next_cursor}`)
  return parts.join('\n\n')
}

function oneHit(hit: Hit, place: number, explain: boolean): string {
  const { lexical, vector } = hit.legs
  const lines = [
    `${String(place)}. ${hit.title}  [${hit.score.toFixed(3)}]`,
    `   ${hit.id}${hit.url === '' ? '' : `  ${hit.url}`}  (in step ${duration(hit.lag_ms)} ago)`,
    ...(explain ? [`   ${leg('words', lexical)} · ${leg('meaning', vector)} · passage ${String(hit.passage)}`] : []),
    ...hit.text
      .trim()
      .split('\n')
      .slice(0, 6)
      .map((line) => `   ${line.slice(0, 160)}`),
  ]
  return lines.join('\n')
}

function leg(name: string, found: Hit['legs']['lexical']): string {
  if (found === undefined) return `${name} –`
  return `${name} ${found.score.toFixed(3)}${found.rank === undefined ? '' : ` (#${String(found.rank)})`}`
}
