import { z } from 'zod'
import { AquiferError } from '../../core/errors.ts'
import type { SourceView } from '../../core/knowledge.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { shownPosition } from '../shown-position.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine } from '../untrusted-text.ts'

const Source = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string().optional(),
  owner: z.string().optional(),
  fields: z.array(z.string()).describe('What filters may name'),
  records: z.int().describe('How many you may read'),
  state: z.string(),
  as_of: z.string().nullable().describe('Up to when it is known to be in step'),
  lag_ms: z.number().nullable(),
  position: z.string().optional(),
  freshness: z.enum(['ok', 'warn', 'error', 'unknown']).describe('lag_ms against what its owner promises'),
})

export const describeSources = defineTool({
  name: 'describe_sources',
  title: 'Describe sources',
  description:
    'Lists the sources you may read: what each holds, its owner, the fields to filter on, and how fresh it is.',
  input: z.strictObject({
    sources: z.array(z.string().min(1)).min(1).max(100).optional().describe('Only these sources'),
    token_budget: z.int().min(500).max(12_000).default(8000).describe('Size of the whole answer'),
    cursor: z.string().min(1).max(4000).optional().describe('next_cursor of the previous page'),
  }),
  output: z.object({
    sources: z.array(Source),
    total: z.int().describe('On all pages'),
    next_cursor: z.string().optional(),
  }),
  annotations: readOnly,
  run: async (input, { knowledge, caller }) => {
    const all = [...(await (await knowledge()).describe(caller))].sort((a, b) => compare(a.name, b.name))
    const asked = input.sources === undefined ? all : input.sources.map((name) => find(all, name))
    const after = input.cursor === undefined ? undefined : readCursor(input.cursor)
    const rest = after === undefined ? asked : asked.filter((source) => compare(source.name, after) > 0)
    const sources = fill(rest.map(present), input.token_budget)
    const last = sources.at(-1)
    const more = last !== undefined && sources.length < rest.length
    return { sources, total: asked.length, ...(more ? { next_cursor: writeCursor(last.name) } : {}) }
  },
})

function find(all: readonly SourceView[], name: string): SourceView {
  const found = all.find((source) => source.name === name)
  if (found !== undefined) return found
  const names = all.slice(0, 30).map((source) => source.name)
  const known = names.length === 0 ? 'none can be read' : `there are ${names.join(', ')}`
  throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${JSON.stringify(cleanLine(name, 60))}; ${known}.`, {
    fix: 'Name one of these sources, or leave the argument out.',
  })
}

function present(source: SourceView): z.output<typeof Source> {
  return {
    name: source.name,
    type: source.type,
    ...(source.description === undefined ? {} : { description: cleanLine(source.description, 1000) }),
    ...(source.owner === undefined ? {} : { owner: cleanLine(source.owner) }),
    fields: source.fields.map((field) => cleanLine(field, 100)),
    records: source.records,
    state: source.state,
    as_of: source.as_of,
    lag_ms: source.lag_ms,
    ...shownPosition(source.position),
    freshness: source.freshness,
  }
}

/** As many as fit, and at least one. */
function fill<T>(items: readonly T[], tokens: number): T[] {
  let room = tokens - 50
  const end = items.findIndex((item) => (room -= estimateTokens(JSON.stringify(item))) < 0)
  return items.slice(0, end === -1 ? items.length : Math.max(1, end))
}

function writeCursor(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64url')
}

function readCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('utf8')
  if (writeCursor(name) === cursor) return name
  throw new AquiferError('PAGE_CURSOR_INVALID', 'This cursor was not handed out here.')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
