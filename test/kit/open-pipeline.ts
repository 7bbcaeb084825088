import type { SourceConfig } from '../../src/core/config.ts'
import type { Embedder } from '../../src/core/embedder.ts'
import type { GenerationSettings } from '../../src/core/ledger-generations.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import type { LexicalProjection } from '../../src/core/lexical.ts'
import { systemClock, type Clock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { estimateTokens } from '../../src/core/tokens.ts'
import type { PipelineContext } from '../../src/pipeline/pipeline.ts'
import { sync, type SyncOptions, type SyncOutcome } from '../../src/pipeline/sync.ts'
import type { Knowledge } from '../../src/core/knowledge.ts'
import { createKnowledge } from '../../src/search/knowledge.ts'
import { describeSources } from '../../src/search/describe-sources.ts'
import type { SearchContext } from '../../src/search/search-context.ts'
import { openElasticsearch } from '../../src/stores/elasticsearch/open-elasticsearch.ts'
import { openPostgresLedger } from '../../src/stores/postgres/open-postgres-ledger.ts'
import { replay, type ReplayOutcome } from '../../src/pipeline/replay.ts'
import type { DeadLetterChoice } from '../../src/core/ledger.ts'
import type { SourceView, Status } from '../../schemas/search.ts'
import { readStatus } from '../../src/search/read-status.ts'
import { openTestIndices, type TestIndices } from './elasticsearch.ts'
import { openTestDatabase } from './postgres.ts'
import { pseudoVector } from './pseudo-vector.ts'
import type { ScriptedSource } from './scripted-source.ts'

const dimensions = 8
const administrator = { id: 'test', groups: [], admin: true }

/** The pipeline on real stores, in this process, with sources that a test scripts. */
export interface TestPipeline extends AsyncDisposable {
  readonly ledger: Ledger
  readonly projection: LexicalProjection
  readonly indices: TestIndices
  readonly databaseUrl: string
  sync(
    sources: Readonly<Record<string, Pick<ScriptedSource, 'type'>>>,
    more?: Partial<SyncOptions> & Changed,
  ): Promise<SyncOutcome>
  replay(
    sources: Readonly<Record<string, Pick<ScriptedSource, 'type'>>>,
    choice?: DeadLetterChoice,
  ): Promise<ReplayOutcome>
  readonly context: PipelineContext
  readonly settings: GenerationSettings
  optionsOf(
    sources: Readonly<Record<string, Pick<ScriptedSource, 'type'>>>,
    language?: SourceConfig['language'],
  ): Pick<SyncOptions, 'groups' | 'configured'>
  readonly search: SearchContext
  /** As doors ask it, of sources that are configured. */
  knowledge(sources: Parameters<TestPipeline['sync']>[0]): Knowledge
  sources(): Promise<readonly SourceView[]>
  status(): Promise<Status>
}

interface Changed {
  readonly acl?: SourceConfig['mapping']['acl']
  /** false: what is read stays in the ledger for now. */
  readonly isProjected?: boolean
  /** Configured, and not read now. */
  readonly others?: readonly string[]
  readonly language?: SourceConfig['language']
  readonly chunker?: string
}

interface PipelineOptions {
  readonly clock?: Clock
  readonly viaElasticsearch?: (url: string) => string
  readonly viaPostgres?: (url: string) => Promise<string>
  readonly around?: (ledger: Ledger) => Ledger
  readonly aroundProjection?: (projection: LexicalProjection) => LexicalProjection
  readonly embedder?: Embedder
  readonly mapping?: Partial<SourceConfig['mapping']>
}

export async function openPipeline(options: PipelineOptions = {}): Promise<TestPipeline> {
  const { clock = systemClock, viaElasticsearch = (url) => url, around = (ledger) => ledger } = options
  const { viaPostgres = async (url) => url, aroundProjection = (projection) => projection } = options
  const { embedder = pseudoEmbedder, mapping = {} } = options
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openTestDatabase())
  const indices = opened.use(await openTestIndices())
  const databaseUrl = await viaPostgres(database.url)
  const ledger = opened.use(await openPostgresLedger({ url: databaseUrl, schema: 'aquifer', lexical: 'external' }))
  const projection = aroundProjection(
    opened.use(
      openElasticsearch({ url: viaElasticsearch(indices.url), prefix: indices.prefix, log: silentLog, owner: 'test' }),
    ),
  )
  const context: PipelineContext = {
    ledger: around(ledger),
    embedder,
    projection,
    chunking: { maxTokens: 100, countTokens: estimateTokens },
    clock,
    log: silentLog,
    targetCommitMs: 2000,
  }
  const search: SearchContext = { ...context, lexical: projection, sources: {}, orderOf: async () => undefined }
  const stack = opened.move()
  const settings = { model: embedder.model, dimensions, chunker: 'one' }
  const optionsOf = (
    sources: Readonly<Record<string, Pick<ScriptedSource, 'type'>>>,
    language: SourceConfig['language'] = 'english',
    { others = [], ...own }: Pick<Changed, 'others' | 'acl'> = {},
  ): Pick<SyncOptions, 'groups' | 'configured'> => ({
    configured: Object.fromEntries(
      [...Object.keys(sources), ...others].map((name) => [name, configOf(name, language, mapping)]),
    ),
    groups: Object.entries(sources).map(([name, { type }]) => {
      const config = configOf(name, language, { ...mapping, ...own })
      const jobs = [{ config, mappingDigest: language, optionsDigest: 'o' }]
      return { type, connection: () => Promise.resolve(undefined), jobs, configured: jobs }
    }),
  })
  return {
    context,
    settings,
    optionsOf,
    search,
    replay: (sources, choice = { source: undefined }) =>
      replay(context, {
        ...optionsOf(sources, 'english'),
        settings,
        choice,
        signal: new AbortController().signal,
        onProgress: () => {},
      }),
    ledger,
    projection,
    indices,
    databaseUrl: database.url,
    sync: (sources, { language = 'english', chunker = 'one', acl, isProjected = true, others = [], ...more } = {}) =>
      sync(isProjected ? context : { ...context, projection: undefined }, {
        ...optionsOf(sources, language, { others, ...(acl === undefined ? {} : { acl }) }),
        settings: { ...settings, chunker },
        pricePerMillionTokens: undefined,
        full: false,
        watch: undefined,
        signal: new AbortController().signal,
        onProgress: () => {},
        onTrouble: () => {},
        ...more,
      }),
    knowledge: (sources) =>
      createKnowledge({
        ...search,
        sources: optionsOf(sources, 'english').configured,
        orderOf: async ({ name, options: source }) => sources[name]?.type.positions?.(source),
      }),
    sources: () => describeSources(search, administrator),
    status: () => readStatus(search, administrator),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const pseudoEmbedder: Embedder = {
  model: `test/${String(dimensions)}`,
  dimensions,
  maxTokens: 1000,
  ready: async () => {},
  embed: async (texts) => ({ vectors: texts.map((text) => pseudoVector(text, dimensions)), tokens: 0, cost: 0 }),
  [Symbol.asyncDispose]: async () => {},
}

function configOf(
  name: string,
  language: SourceConfig['language'],
  mapping: Partial<SourceConfig['mapping']>,
): SourceConfig {
  return {
    name,
    type: 'scripted',
    connection: undefined,
    options: {},
    mapping: { title: 'Title', text: '{text}', fields: [], acl: { public: true }, ...mapping },
    language,
    owner: undefined,
    description: undefined,
    freshness: { warnMs: undefined, errorMs: undefined },
    everyMs: 50,
    compareMs: 50,
  }
}
