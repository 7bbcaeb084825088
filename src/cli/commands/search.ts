import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Filters, Hit, SearchAnswer } from '../../../schemas/search.ts'
import { AquiferError } from '../../core/errors.ts'
import { longestWaitMs } from '../../core/knowledge.ts'
import { runCommand, type GlobalOptions } from '../run.ts'
import { duration } from '../table.ts'

interface SearchFlags extends GlobalOptions {
  readonly source?: string[]
  readonly filter?: string[]
  readonly limit: number
  readonly cursor?: string
  readonly explain?: boolean
  readonly minPosition?: string[]
  readonly maxStaleness?: string
  readonly wait?: string
}

export function addSearch(program: Command): void {
  program
    .command('search')
    .argument('<query>', 'what to look for')
    .option('--source <name...>', 'only these sources')
    .option('--filter <field=value...>', 'only records whose field has the value; the same field again means either')
    .addOption(new Option('--limit <n>', 'how many hits, up to 100').default(10).argParser(toLimit))
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .option(
      '--min-position <source=position...>',
      'wait until everywhere the source has got to this position of its own',
    )
    .option('--max-staleness <duration>', 'wait until every source searched was in step so long ago at most')
    .option('--wait <duration>', 'how long to wait for these two, up to 5m; 10s unless said')
    .option('--explain', 'show what each leg says of a hit')
    .description('Search by words and meaning, as agents do')
    .addHelpText(
      'after',
      '\nExamples:\n  aquifer search "how are refunds handled"\n  aquifer search dinosaur --source films --filter rating=PG --explain\n  aquifer search "new order" --min-position orders=0/1A2B3C8 --wait 30s',
    )
    .action(async (query: string, _options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<SearchFlags>()
      await runCommand(flags, async (run) => {
        const filters = parseFilters(flags.filter ?? [])
        const minPosition = parsePositions(flags.minPosition ?? [])
        const maxStalenessMs = await toMs('--max-staleness', flags.maxStaleness)
        const waitMs = await toMs('--wait', flags.wait, longestWaitMs)
        await using app = await run.openApp()
        const { source: sources, limit, cursor } = flags
        const answer = await app
          .knowledge()
          .search(
            { query, sources, filters, limit, cursor, minPosition, maxStalenessMs, waitMs },
            app.config.access.local,
            run.signal,
          )
        run.print(answer, () => toText(answer, flags.explain === true))
      })
    })
}

function toLimit(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 100.')
}

async function toMs(option: string, text: string | undefined, longestMs = Infinity): Promise<number | undefined> {
  if (text === undefined) return undefined
  const { Duration } = await import('../../../schemas/config.ts')
  const { data: ms } = Duration.safeParse(text)
  if (ms !== undefined && ms <= longestMs) return ms
  const limit = longestMs === Infinity ? '' : ` of at most ${String(longestMs / 60_000)}m`
  throw new AquiferError('ARGUMENT_INVALID', `${option} ${text} is not a duration${limit} such as 500ms, 30s or 2m.`)
}

function parsePositions(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text): readonly [string, string] => {
      const equals = text.indexOf('=')
      if (equals > 0 && equals < text.length - 1) return [text.slice(0, equals), text.slice(equals + 1)]
      throw new AquiferError('ARGUMENT_INVALID', `The position ${text} is not of the form source=position.`)
    }),
  )
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
