import { expect, test } from 'vitest'
import postgres from '../../indexers/postgres/index.ts'
import { PostgresSource } from '../../indexers/postgres/config.ts'
import type { IndexerType } from '../../src/core/indexer.ts'
import { allAtOnce } from '../../src/core/turns.ts'
import { apply } from '../../src/pipeline/apply.ts'
import { makePlan } from '../../src/pipeline/plan.ts'
import { sync, type SyncOptions } from '../../src/pipeline/sync.ts'
import { elsewhere } from '../kit/elsewhere.ts'
import { openPipeline } from '../kit/open-pipeline.ts'
import { connectionTo, openSourceDatabase } from '../kit/postgres-source.ts'
import { until } from '../kit/until.ts'

test('a followed Postgres log is read by a watch and by apply in turns, and nothing is lost or revived by the switch', async () => {
  await using pipeline = await openPipeline()
  await using database = await openSourceDatabase(
    `create table item (id int primary key, label text); insert into item select g, 'lamp ' || g from generate_series(1, 500) g`,
  )
  const options = PostgresSource.parse({ table: 'item', mode: 'stream' })
  const configured = (text: string): Pick<SyncOptions, 'groups' | 'configured'> => {
    const { configured: configs } = pipeline.optionsOf({ items: { type: postgres } })
    const [config] = Object.values(configs)
    if (config === undefined) throw new Error('There is no source.')
    const own = { ...config, connection: 'shop', options, mapping: { ...config.mapping, text } }
    const job = { config: own, mappingDigest: text.replace(' ', '-'), optionsDigest: 'o' }
    const group = {
      type: postgres as IndexerType,
      connection: async () => connectionTo(database.url),
      jobs: [job],
      configured: [job],
    }
    return { groups: [group], configured: { items: own } }
  }
  const texts = async (): Promise<readonly string[]> => {
    const { sources } = await pipeline.ledger.status()
    const sourceId = sources[0]?.id ?? 0
    const page = await pipeline.ledger.textsPage({ sourceId, after: 0, limit: 2000 })
    return page
      .filter(({ deleted }) => !deleted)
      .map(({ text }) => text)
      .toSorted()
  }
  await pipeline.sync({}, configured('{label}'))
  const watching = sync(elsewhere(pipeline.context), {
    ...configured('{label}'),
    settings: pipeline.settings,
    pricePerMillionTokens: 0,
    full: false,
    watch: allAtOnce,
    signal: new AbortController().signal,
    onProgress: () => {},
    onTrouble: () => {},
  })
  const stop = new AbortController()
  let writes = 0
  const writing = (async () => {
    for (; !stop.signal.aborted; writes++) {
      await database.run(`insert into item values (${String(1000 + writes)}, 'chair ${String(writes)}');
        delete from item where id = ${String(writes + 1)}; update item set label = 'desk ${String(writes)}' where id = ${String(400 + (writes % 100))}`)
    }
  })()
  await until(async () => (await texts()).some((text) => text.startsWith('chair')))
  const applying = {
    ...configured('shiny {label}'),
    settings: pipeline.settings,
    earlier: [],
    pricePerMillionTokens: 0,
    isLocalModel: true,
    signal: new AbortController().signal,
    onProgress: () => {},
  }
  await apply(pipeline.context, await makePlan(pipeline.context, applying), applying)
  expect((await texts()).filter((text) => !text.startsWith('shiny '))).toEqual([])
  stop.abort()
  await writing
  await watching
  await pipeline.sync({}, configured('shiny {label}'))
  const rows = await database.run('select label from item')
  expect(await texts()).toEqual(rows.map(({ label }) => `shiny ${String(label)}`).toSorted())
  expect(writes).toBeGreaterThan(10)
}, 120_000)
