import { parseArgs } from 'node:util'
import { kindNames, type KindName } from './kinds/kind.ts'
import { sabotageNames, type SabotageName } from './sabotage.ts'

export interface ProofOptions {
  readonly operations: number
  readonly seed: number
  readonly kinds: readonly KindName[]
  readonly faults: number
  readonly sabotage: SabotageName | undefined
}

export const usage = `npm run proof -- [--operations N] [--seed S] [--sources KINDS] [--faults N] [--sabotage NAME] [--json]

  --operations N   how many changes to make at the sources (5000)
  --seed S         of everything that is chosen by chance (1)
  --sources KINDS  some of ${kindNames.join(',')} (all)
  --faults N       how often something is killed, cut off, frozen or set wrong (one in 250 operations)
  --sabotage NAME  does one thing wrong on purpose: ${sabotageNames.join(', ')}
  --json           prints one JSON document, and progress to stderr`

/** Options of the command line; throws an error that says what is wrong. */
export function parseOptions(
  args: readonly string[],
): ProofOptions & { readonly json: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      operations: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '1' },
      sources: { type: 'string', default: kindNames.join(',') },
      faults: { type: 'string' },
      sabotage: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const operations = wholeNumber('operations', values.operations)
  return {
    operations,
    seed: wholeNumber('seed', values.seed),
    kinds: [...new Set(values.sources.split(',').map((name) => oneOf('sources', name.trim(), kindNames)))],
    faults: values.faults === undefined ? Math.ceil(operations / 250) : wholeNumber('faults', values.faults),
    sabotage: values.sabotage === undefined ? undefined : oneOf('sabotage', values.sabotage, sabotageNames),
    json: values.json,
    help: values.help,
  }
}

/** The command line that does the same again. */
export function commandOf({ operations, seed, kinds, faults, sabotage }: ProofOptions): string {
  const more = sabotage === undefined ? '' : ` --sabotage ${sabotage}`
  return `npm run proof -- --operations ${String(operations)} --seed ${String(seed)} --sources ${kinds.join(',')} --faults ${String(faults)}${more}`
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not ${text}`)
  return Number(text)
}

function oneOf<T extends string>(name: string, text: string, all: readonly T[]): T {
  const found = all.find((each) => each === text)
  if (found === undefined) throw new Error(`--${name} takes ${all.join(', ')}, not ${text}`)
  return found
}
