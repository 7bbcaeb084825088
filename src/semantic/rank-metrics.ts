import type { MetricSummary } from '../../schemas/numbers.ts'
import { nearest } from '../core/nearest.ts'

/** How much a word counts where it stands; in a part of a word, and for one that was probably meant, a share of that. */
const weights = { name: 4, label: 4, synonyms: 4, dimensions: 2, description: 1.5, scope: 1 } as const
const partShare = 0.6
const meantShare = 0.5
/** Beside the best, what has a smaller share of its score fits by accident. */
const leastShare = 0.15
/** Say nothing of a metric, in questions that are asked in English. */
const fillers = new Set(
  'a all an and are as at be by did do for from had has have how i in is it its many me much my of on or our per show tell than that the their there this to total us was we were what when where which who with'.split(
    ' ',
  ),
)

const trust = { certified: 0, draft: 1, deprecated: 2 } as const

interface Card {
  readonly metric: MetricSummary
  /** Weight of each of its words. */
  readonly words: ReadonlyMap<string, number>
  readonly phrases: readonly string[]
}

/** The metrics that words fit, the best first; without words all, by name. */
export function rankMetrics(metrics: readonly MetricSummary[], query: string): readonly MetricSummary[] {
  const wanted = [...new Set(wordsOf(query))].filter((word) => !fillers.has(word))
  if (wanted.length === 0) return metrics.toSorted(byName)
  const cards = metrics.map(cardOf)
  const rarity = rarityIn(cards)
  const known = wanted.map((word) => meant(word, rarity))
  const phrase = wordsOf(query).join(' ')
  const scored = cards.map((card) => {
    const exact = card.phrases.includes(phrase) ? 10 : 0
    return { metric: card.metric, score: known.reduce((sum, word) => sum + scoreOf(word, card, rarity), exact) }
  })
  const best = Math.max(0, ...scored.map(({ score }) => score))
  return scored
    .filter(({ score }) => score > 0 && score >= best * leastShare)
    .toSorted(
      (a, b) => b.score - a.score || trust[a.metric.status] - trust[b.metric.status] || byName(a.metric, b.metric),
    )
    .map(({ metric }) => metric)
}

function cardOf(metric: MetricSummary): Card {
  const { name, label, synonyms, description, scope, dimensions } = metric
  const texts = { name: [name], label: [label], synonyms, dimensions, description: [description], scope: [scope] }
  const words = new Map<string, number>()
  for (const [field, weight] of Object.entries(weights)) {
    // The keys of both are the same.
    for (const text of texts[field as keyof typeof weights]) {
      for (const word of wordsOf(text ?? '')) words.set(word, Math.max(weight, words.get(word) ?? 0))
    }
  }
  return { metric, words, phrases: [name, label ?? '', ...synonyms].map((text) => wordsOf(text).join(' ')) }
}

/** Of every word on the cards: the rarer, the more it says. */
function rarityIn(cards: readonly Card[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { words } of cards) for (const word of words.keys()) counts.set(word, (counts.get(word) ?? 0) + 1)
  return new Map([...counts].map(([word, count]) => [word, Math.log(1 + cards.length / count)]))
}

interface Wanted {
  readonly word: string
  readonly share: number
}

/** A word that stands nowhere, not even as a part, is the one it is most like. */
function meant(word: string, rarity: ReadonlyMap<string, number>): Wanted {
  const known = [...rarity.keys()]
  if (known.some((one) => one === word || isPart(word, one))) return { word, share: 1 }
  const like = word.length < 4 ? undefined : nearest(word, known)
  return like === undefined ? { word, share: 0 } : { word: like, share: meantShare }
}

function scoreOf({ word, share }: Wanted, { words }: Card, rarity: ReadonlyMap<string, number>): number {
  let best = 0
  for (const [one, weight] of words) {
    const fit = one === word ? 1 : isPart(word, one) ? partShare : 0
    best = Math.max(best, fit * weight * (rarity.get(one) ?? 0))
  }
  return best * share
}

const isPart = (word: string, of: string): boolean =>
  (word.length >= 4 && of.includes(word)) || (of.length >= 4 && word.includes(of))

/** In lower case and, roughly, in the singular. */
function wordsOf(text: string): readonly string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return words.map((word) =>
    /[^su]s$/.test(word) && word.length > 3 ? word.replace(/(?<=..)ie(?=s$)/, 'y').slice(0, -1) : word,
  )
}

const byName = (a: MetricSummary, b: MetricSummary): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
