import type { SourceConfig } from '../../src/core/config.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { Embedder } from '../../src/core/embedder.ts'
import type { IndexerType } from '../../src/core/indexer.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { silentLog } from '../../src/core/log.ts'
import { estimateTokens } from '../../src/core/tokens.ts'
import type { PipelineContext } from '../../src/pipeline/pipeline.ts'
import type { SourceGroup } from '../../src/pipeline/source-job.ts'
import { sync, type SyncOptions, type SyncOutcome } from '../../src/pipeline/sync.ts'
import { verify, type VerifyOptions, type VerifyOutcome } from '../../src/pipeline/verify/verify.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { openEmbeddedLedger } from '../../src/stores/postgres/embedded/open-embedded-ledger.ts'
import { openPostgresLedger } from '../../src/stores/postgres/open-postgres-ledger.ts'
import { openTestIndices } from './elasticsearch.ts'
import { requestElasticsearch } from './elasticsearch-request.ts'
import { openLedgerSql, type LedgerSql } from './ledger-sql.ts'
import { openTestDatabase } from './postgres.ts'
import { pseudoVector } from './pseudo-vector.ts'
import { openTempDir } from './temp-dir.ts'

const dimensions = 8

type Sources = Readonly<Record<string, { readonly type: IndexerType }>>

/** The pipeline on real stores, whose content a test may change behind its back. */
export interface VerifyStand extends AsyncDisposable {
  readonly context: PipelineContext
  /** Texts that the model was asked for. */
  readonly embedded: string[]
  sync(sources: Sources, more?: Partial<SyncOptions>): Promise<SyncOutcome>
  verify(sources: Sources, more?: Partial<VerifyOptions>, context?: PipelineContext): Promise<VerifyOutcome>
  options(sources: Sources): Pick<SyncOptions, 'settings' | 'groups' | 'configured'>
  /** Runs statements in the ledger's tables, past all of our code. */
  behindLedger(work: (sql: LedgerSql) => Promise<unknown>): Promise<void>
  /** A request to Elasticsearch; `{index}` is the index of the words. */
  behindWords(path: string, body?: object, method?: string): Promise<unknown>
  /** Lines of a bulk request, made visible. */
  bulkWords(lines: readonly object[]): Promise<void>
}

interface StandOptions {
  readonly mapping?: Partial<SourceConfig['mapping']>
}

export async function openVerifyStand(kind: 'standard' | 'embedded', options: StandOptions = {}): Promise<VerifyStand> {
  await using opened = new AsyncDisposableStack()
  const stores = kind === 'standard' ? await openStandard(opened) : await openEmbedded(opened)
  const embedded: string[] = []
  const embedder: Embedder = {
    model: `test/${String(dimensions)}`,
    dimensions,
    maxTokens: 1000,
    ready: async () => {},
    embed: async (texts) => {
      embedded.push(...texts)
      return { vectors: texts.map((text) => pseudoVector(text, dimensions)), tokens: 0, cost: 0 }
    },
    [Symbol.asyncDispose]: async () => {},
  }
  const context: PipelineContext = {
    ledger: stores.ledger,
    projection: stores.projection,
    embedder,
    chunking: { maxTokens: 40, countTokens: estimateTokens },
    clock: systemClock,
    log: silentLog,
    targetCommitMs: kind === 'standard' ? 2000 : 250,
  }
  const common = (sources: Sources): Pick<SyncOptions, 'settings' | 'groups' | 'configured'> => ({
    settings: { model: embedder.model, dimensions, chunker: 'one' },
    groups: Object.entries(sources).map(([name, { type }]): SourceGroup => {
      const jobs = [{ config: configOf(name, options), mappingDigest: 'm', optionsDigest: 'o' }]
      return { type, connection: () => Promise.resolve(undefined), jobs, configured: jobs }
    }),
    configured: Object.fromEntries(Object.keys(sources).map((name) => [name, configOf(name, options)])),
  })
  const signal = new AbortController().signal
  const stack = opened.move()
  return {
    context,
    embedded,
    options: common,
    sync: (sources, more) =>
      sync(context, {
        ...common(sources),
        pricePerMillionTokens: undefined,
        full: false,
        watch: undefined,
        signal,
        onProgress: () => {},
        onTrouble: () => {},
        ...more,
      }),
    verify: (sources, more, through = context) =>
      verify(through, {
        ...common(sources),
        repair: false,
        reads: 'here',
        pace: async () => {},
        signal,
        onProgress: () => {},
        ...more,
      }),
    behindLedger: stores.behindLedger,
    behindWords: async (path, body, method = 'POST') =>
      requestElasticsearch(stores.elasticsearchUrl, path.replace('{index}', `${stores.prefix}-g1-english`), {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    bulkWords: async (lines) => {
      const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
      const path = `/${stores.prefix}-g1-english/_bulk?refresh=true`
      await requestElasticsearch(stores.elasticsearchUrl, path, { method: 'POST', body })
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

interface OpenStores {
  readonly ledger: Ledger
  readonly projection: LexicalProjection | undefined
  readonly behindLedger: VerifyStand['behindLedger']
  readonly elasticsearchUrl: string
  readonly prefix: string
}

async function openStandard(opened: AsyncDisposableStack): Promise<OpenStores> {
  const database = opened.use(await openTestDatabase())
  const { url, prefix } = opened.use(await openTestIndices())
  const ledger = opened.use(await openPostgresLedger({ url: database.url, schema: 'aquifer', lexical: 'external' }))
  const projection = opened.use(openElasticsearch({ url, prefix, log: silentLog, owner: 'test' }))
  return {
    ledger,
    projection,
    elasticsearchUrl: url,
    prefix,
    behindLedger: async (work) => {
      await using sql = await openLedgerSql({
        kind: 'standard',
        databaseUrl: database.url,
        elasticsearchUrl: url,
        prefix,
      })
      await work(sql)
    },
  }
}

async function openEmbedded(opened: AsyncDisposableStack): Promise<OpenStores> {
  const { path: dir } = opened.use(await openTempDir())
  const open = (): Promise<Ledger> => openEmbeddedLedger({ dir, options: { schema: 'aquifer', lexical: 'ledger' } })
  let current = await open()
  opened.defer(() => current[Symbol.asyncDispose]())
  return {
    // Nobody may have the store open while its tables are changed, so the ledger is another one afterwards.
    ledger: new Proxy(current, { get: (_, name) => Reflect.get(current, name) as unknown }),
    projection: undefined,
    elasticsearchUrl: '',
    prefix: '',
    behindLedger: async (work) => {
      await current[Symbol.asyncDispose]()
      {
        await using sql = await openLedgerSql({ kind: 'embedded', dir })
        await work(sql)
      }
      current = await open()
    },
  }
}

function configOf(name: string, { mapping }: StandOptions): SourceConfig {
  return {
    name,
    type: 'logged',
    connection: undefined,
    options: {},
    mapping: { title: 'Title', text: '{text}', fields: ['readers'], acl: { groups: '{readers}' }, ...mapping },
    language: 'english',
    owner: undefined,
    description: undefined,
    freshness: { warnMs: undefined, errorMs: undefined },
    everyMs: 50,
    compareMs: 50,
  }
}
