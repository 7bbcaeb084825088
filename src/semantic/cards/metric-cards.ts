import { z } from 'zod'
import type { Acl } from '../../../schemas/config.ts'
import type { MetricLayer } from '../../../schemas/metrics.ts'
import type { Change, Json, Row } from '../../../schemas/record.ts'
import { compareUtf8 } from '../../core/byte-order.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Cursors, Indexer, IndexerType, KeyRange, OpenOptions } from '../../core/indexer.ts'
import { cardOf } from './card-of.ts'
import { readersOf } from './readers-of.ts'

const MetricCards = z.strictObject({ path: z.string() })
type MetricCards = z.infer<typeof MetricCards>

export interface MetricCardsOptions {
  /** The definitions in a folder as they are now; CONFIG_INVALID with every fault. */
  readonly load: (path: string) => Promise<MetricLayer>
  /** Who sees models without a policy. */
  readonly open: Acl | undefined
}

/** The metrics themselves as a source: a card each, so that search finds them. */
export function metricCards(options: MetricCardsOptions): IndexerType<unknown, MetricCards> {
  return {
    type: 'metrics',
    source: MetricCards,
    deletes: 'by comparison',
    open: (_connection, opening) => openCards(opening, options),
  }
}

interface Card {
  readonly key: string
  readonly digest: string
  readonly row: Row
}

async function openCards(opening: OpenOptions<MetricCards>, { load, open }: MetricCardsOptions): Promise<Indexer> {
  const { sources, signal, clock, until, everyMs, digest } = opening
  /** In the order of their names. */
  const cardsOf = async (source: string): Promise<readonly Card[]> => {
    const settings = sources[source]
    if (settings === undefined) throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${source} here.`)
    const layer = await load(settings.path)
    const readers = readersOf(layer, open)
    return Object.keys(layer.metrics)
      .toSorted(compareUtf8)
      .flatMap((key) => {
        const row = cardOf(layer, key, readers)
        return row === undefined ? [] : [{ key, row, digest: digest(JSON.stringify(row)) }]
      })
  }
  async function* readRound(source: string, cursor: Json | undefined): AsyncGenerator<Change> {
    const asOf = new Date(clock.now()).toISOString()
    const cards = await cardsOf(source)
    const state = digest(JSON.stringify(cards.map((card) => [card.key, card.digest])))
    for (const { key, digest: cardDigest, row } of state === cursor ? [] : cards) {
      if (signal.aborted) return
      yield { kind: 'put', source, key, position: asOf, digest: cardDigest, content: { kind: 'row', row } }
    }
    if (!signal.aborted) yield { kind: 'checkpoint', source, position: asOf, cursor: state, asOf }
  }
  async function* changes(after: Cursors): AsyncGenerator<Change> {
    const cursors = new Map<string, Json>(Object.entries(after))
    while (!signal.aborted) {
      for (const source of Object.keys(sources)) {
        for await (const change of readRound(source, cursors.get(source))) {
          yield change
          if (change.kind === 'checkpoint') cursors.set(source, change.cursor)
        }
      }
      if (until === 'now') return
      await clock.sleep(everyMs, signal)
    }
  }
  for (const source of Object.keys(sources)) await cardsOf(source)
  return {
    changes,
    async *keys(source, range, want) {
      for (const card of await cardsOf(source)) {
        if (signal.aborted) throw new AquiferError('CANCELLED', `Listing the keys of ${source} was cancelled.`)
        if (isWithin(card.key, range))
          yield want === 'keys' ? { key: card.key } : { key: card.key, digest: card.digest }
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

function isWithin(key: string, { from, to }: KeyRange): boolean {
  return (from === undefined || compareUtf8(key, from) >= 0) && (to === undefined || compareUtf8(key, to) < 0)
}
