import type { RecordText, WantedGeneration } from '../core/ledger-generations.ts'
import { contentHash, embeddedText } from './embed-chunks.ts'
import { cut } from './fill-generation.ts'
import type { PipelineContext } from './pipeline.ts'

/** What building takes. */
export interface Work {
  readonly passages: number
  /** Passages whose vector is there: paid for before, or brought by their row. */
  readonly reused: number
  /** Passages that have to be embedded. */
  readonly afresh: number
  readonly tokens: number
  /** Every record was cut and looked up; else a sample was, and the numbers are what it comes to. */
  readonly isExact: boolean
}

export const noWork: Work = { passages: 0, reused: 0, afresh: 0, tokens: 0, isExact: true }

const pageRecords = 200
/** A source of so many pages is looked at whole, of a larger one so many, evenly spread. */
const mostPages = 10

interface Stretch {
  readonly sourceId: number
  readonly from: number
  readonly head: number
  /** Live ones in all. */
  readonly records: number
}

interface EstimateOptions {
  readonly settings: WantedGeneration
  /** Whether vectors that were paid for count as there. */
  readonly knows: boolean
  readonly signal: AbortSignal
}

/** Cuts the texts of a stretch of a source's feed as they would be, and looks up which passages have their vector. */
export async function estimateWork(
  context: PipelineContext,
  stretch: Stretch,
  options: EstimateOptions,
): Promise<{ readonly work: Work; readonly hasOwnVectors: boolean }> {
  const { ledger } = context
  const { sourceId, from, head } = stretch
  const pages: Sampled[] = []
  let hasOwnVectors = false
  const take = async (after: number): Promise<number | undefined> => {
    options.signal.throwIfAborted()
    const page = await ledger.textsPage({ sourceId, after, limit: pageRecords })
    const end = page.at(-1)?.feed
    if (end === undefined) return undefined
    hasOwnVectors ||= page.some(({ given }) => given)
    pages.push({ ...(await workOf(context, page, options)), span: end - after })
    return end
  }
  let isExact = head <= from
  for (let after = from; pages.length < mostPages && !isExact;) {
    const end = await take(after)
    isExact = end === undefined || end >= head
    after = end ?? head
  }
  if (isExact) return { work: { ...sum(pages), isExact }, hasOwnVectors }
  pages.length = 0
  for (let page = 0; page < mostPages; page++) await take(from + Math.floor(((head - from) * page) / mostPages))
  const sampled = sum(pages)
  const span = pages.reduce((total, page) => total + page.span, 0)
  const records = Math.min(stretch.records, (sampled.records * (head - from)) / Math.max(1, span))
  const factor = records / Math.max(1, sampled.records)
  const scaled = (number: number): number => Math.round(number * factor)
  return {
    work: {
      passages: scaled(sampled.passages),
      reused: scaled(sampled.reused),
      afresh: scaled(sampled.passages) - scaled(sampled.reused),
      tokens: scaled(sampled.tokens),
      isExact,
    },
    hasOwnVectors,
  }
}

interface Counted extends Omit<Work, 'isExact'> {
  readonly records: number
}

interface Sampled extends Counted {
  /** How much of the feed the page covers. */
  readonly span: number
}

async function workOf(
  context: PipelineContext,
  page: readonly RecordText[],
  { settings, knows }: EstimateOptions,
): Promise<Counted> {
  const live = page.filter(({ deleted }) => !deleted)
  const own = live.filter(({ given }) => given).length
  const chunks = live
    .filter(({ given }) => !given)
    .flatMap((record) => cut(context, record))
    .map((chunk) => ({ hash: contentHash(chunk.header, chunk.text), text: embeddedText(chunk) }))
  const texts = new Map(chunks.map(({ hash, text }) => [hash, text]))
  const known = new Set(
    knows ? await context.ledger.embeddedHashes({ hashes: [...texts.keys()], model: settings.model }) : [],
  )
  const reused = chunks.filter(({ hash }) => known.has(hash)).length
  // Equal texts are paid for once.
  const missing = [...texts].filter(([hash]) => !known.has(hash))
  return {
    records: live.length,
    passages: chunks.length + own,
    reused: reused + own,
    afresh: chunks.length - reused,
    tokens: missing.reduce((total, [, text]) => total + context.chunking.countTokens(text), 0),
  }
}

function sum(pages: readonly Counted[]): Counted {
  const total = (pick: (page: Counted) => number): number => pages.reduce((all, page) => all + pick(page), 0)
  return {
    records: total(({ records }) => records),
    passages: total(({ passages }) => passages),
    reused: total(({ reused }) => reused),
    afresh: total(({ afresh }) => afresh),
    tokens: total(({ tokens }) => tokens),
  }
}
