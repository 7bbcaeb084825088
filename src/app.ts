import { createHash } from 'node:crypto'
import { chunkerVersion } from './pipeline/chunk/chunker-version.ts'
import { Language } from '../schemas/config.ts'
import type { Config, SourceConfig } from './core/config.ts'
import { systemClock } from './core/clock.ts'
import type { Embedder } from './core/embedder.ts'
import type { Env } from './core/env.ts'
import { AquiferError } from './core/errors.ts'
import type { IndexerType } from './core/indexer.ts'
import type { Knowledge } from './core/knowledge.ts'
import type { GenerationView, WantedGeneration } from './core/ledger-generations.ts'
import type { Ledger } from './core/ledger.ts'
import type { LexicalProjection, LexicalStore } from './core/lexical.ts'
import { allAtOnce, type Turns } from './core/turns.ts'
import type { Log } from './core/log.ts'
import { nearest } from './core/nearest.ts'
import type { CountTokens } from './core/tokens.ts'
import { metricsSourceName } from './config/metrics-source.ts'
import { revealSecrets } from './config/reveal-secrets.ts'
import { loadIndexer } from '../indexers/index.ts'
import { loadMetrics } from './cli/load-metrics.ts'
import { openEmbedder } from './models/open-embedder.ts'
import { openWordPiece } from './models/word-piece.ts'
import { openNumbers, originOf } from './open-numbers.ts'
import {
  earlierConfig,
  earlierSources,
  isOf,
  madeWithOf,
  otherMapping,
  otherSettings,
  type MadeSource,
} from './config/made-with.ts'
import { mappingDigest } from './pipeline/map/mapping-digest.ts'
import type { PipelineContext } from './pipeline/pipeline.ts'
import { parseSettingsNote, type SourceGroup, type SourceJob } from './pipeline/source-job.ts'
import { createKnowledge } from './search/knowledge.ts'
import { metricCards } from './semantic/cards/metric-cards.ts'
import type { NumbersMethods } from './semantic/numbers.ts'
import type { UpkeepContext } from './semantic/upkeep/upkeep.ts'
import type { SearchContext } from './search/search-context.ts'

/** Everything a command works with, wired to one configuration. */
export interface App extends AsyncDisposable {
  readonly config: Config
  readonly ledger: Ledger
  readonly embedder: Embedder
  /** The lexical store where it is a projection. */
  readonly projection: LexicalProjection | undefined
  /** undefined for `lexical: none`. */
  readonly lexical: LexicalStore | undefined
  readonly log: Log
  /** What the configuration asks a generation to be made of. Asks the model for its dimensions where they are not configured. */
  settings(): Promise<WantedGeneration>
  /** What fills a generation that was built with earlier settings: GENERATION_SETTINGS where that can't be had any more. */
  earlierPipeline(generation: GenerationView): Promise<PipelineContext>
  pipeline(): PipelineContext
  search(): SearchContext
  knowledge(): Knowledge
  /** The metrics, opened at first use. METRICS_NONE where the configuration names none. */
  numbers(): Promise<NumbersMethods>
  /** What keeps checks and kept answers up to date, over the same metrics. */
  upkeep(): Promise<UpkeepContext>
  /** The named sources (default all), grouped by connection. */
  groups(names?: readonly string[]): Promise<readonly SourceGroup[]>
  /** The sources of these editions as they were configured then: EDITION_SETTINGS where that can't be had any more. */
  earlierGroups(editions: readonly MadeSource[]): Promise<readonly SourceGroup[]>
  /** How a watch shares its connections with other processes. */
  turns(): Promise<Turns>
}

export interface AppOptions {
  readonly config: Config
  readonly env: Env
  readonly log: Log
  readonly signal?: AbortSignal
  /** Told while an embedding endpoint is tried again, why. */
  readonly onWait?: ((reason: string) => void) | undefined
}

/** Opens the stores that the configuration names. The model and Elasticsearch are reached when first used. */
export async function openApp(options: AppOptions): Promise<App> {
  const { config, env, log } = options
  const countTokens = (await openWordPiece()).countTokens
  await using opened = new AsyncDisposableStack()
  const ledger = opened.use(await openLedger(options))
  const embedder = opened.use(await openModel(options))
  const projection = await openProjection(options, await ledger.secret({ purpose: 'projection' }))
  if (projection !== undefined) opened.use(projection)
  const lexical = projection ?? (config.lexical === 'none' ? undefined : ledgerLexical(ledger))
  const search: SearchContext = {
    ledger,
    embedder,
    lexical,
    projection,
    sources: config.sources,
    orderOf: async ({ type, options: source }) =>
      type === metricsSourceName ? undefined : (await loadIndexer(type)).positions?.(source),
    clock: systemClock,
    log,
  }
  const numbers = openOnce(() => openNumbers({ config, env, log, ledger }), opened)
  const stack = opened.move()
  return {
    config,
    ledger,
    embedder,
    projection,
    lexical,
    log,
    settings: () => generationSettings(config, embedder),
    earlierPipeline: async (generation) => {
      const earlier = earlierConfig(config, generation)
      const model = stack.use(await openModel({ ...options, config: earlier }))
      if (!isOf(generation, await generationSettings(earlier, model))) throw otherSettings(generation)
      return pipelineContext(earlier, { ledger, embedder: model, projection, countTokens, log })
    },
    pipeline: () => pipelineContext(config, { ledger, embedder, projection, countTokens, log }),
    search: () => search,
    knowledge: () => createKnowledge(search),
    numbers: async () => (await numbers()).numbers,
    upkeep: async () => {
      const { layer, engine } = (await numbers()).context
      return { layer, engine, ledger, origin: originOf(config), clock: systemClock, log }
    },
    groups: (names) => sourceGroups(config, env, names),
    earlierGroups: async (editions) => {
      const groups = await sourceGroups(earlierSources(config, editions), env)
      const { sources } = await ledger.status()
      return groups.map((group) => ({ ...group, jobs: group.jobs.map((job) => earlierJob(job, editions, sources)) }))
    },
    turns: () => turnsOf(config, { env, log }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Opens it at the first call and disposes it with the stack; what failed to open is tried again. */
function openOnce<T extends AsyncDisposable>(open: () => Promise<T>, stack: AsyncDisposableStack): () => Promise<T> {
  let opened: Promise<T> | undefined
  stack.defer(async () => {
    await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]()
  })
  return () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
}

export async function openModel({ config, env, log, onWait }: AppOptions): Promise<Embedder> {
  return openEmbedder(await revealSecrets(config.embedding, env), { log, onWait })
}

export async function openLedger({ config, env, log, signal }: AppOptions): Promise<Ledger> {
  const lexical = config.lexical === undefined ? 'ledger' : config.lexical === 'none' ? 'none' : 'external'
  if (config.ledger.kind === 'embedded') {
    const { openEmbeddedLedger } = await import('./stores/postgres/embedded/open-embedded-ledger.ts')
    return openEmbeddedLedger({
      dir: config.ledger.dir,
      options: { schema: 'aquifer', lexical },
      log,
      ...(signal === undefined ? {} : { signal }),
    })
  }
  const { openPostgresLedger } = await import('./stores/postgres/open-postgres-ledger.ts')
  const { url, schema } = await revealSecrets(config.ledger, env)
  return openPostgresLedger({ url, schema, lexical })
}

/** One process has an embedded store to itself. */
async function turnsOf({ ledger, sync }: Config, { env, log }: Pick<AppOptions, 'env' | 'log'>): Promise<Turns> {
  if (ledger.kind === 'embedded') return allAtOnce
  const { openTurns } = await import('./jobs/open-turns.ts')
  const { url, schema } = await revealSecrets(ledger, env)
  return openTurns({ url, schema, atOnce: sync.connections, clock: systemClock, log })
}

/** undefined where the words are in the ledger. With `owner`, another deployment's indices are refused. */
export async function openProjection(
  { config, env, log }: AppOptions,
  owner: string | undefined,
): Promise<LexicalProjection | undefined> {
  if (config.lexical === undefined || config.lexical === 'none') return undefined
  const { openElasticsearch } = await import('./stores/elasticsearch/open-elasticsearch.ts')
  const { elasticsearch } = await revealSecrets(config.lexical, env)
  return openElasticsearch({ ...elasticsearch, log, owner })
}

function ledgerLexical(ledger: Ledger): LexicalStore {
  return {
    search: (query) => ledger.lexicalLeg(query),
    score: (text, chunks, languages) => ledger.lexicalScores({ text, chunks, languages }),
  }
}

async function generationSettings(config: Config, embedder: Embedder): Promise<WantedGeneration> {
  if (config.embedding.provider === 'openai' && config.embedding.dimensions === undefined) await embedder.ready()
  return {
    model: embedder.model,
    dimensions: embedder.dimensions,
    chunker: `${chunkerVersion} maxTokens=${String(config.chunking.maxTokens)}`,
    // References to secrets, never secrets.
    madeWith: madeWithOf(config),
  }
}

function pipelineContext(
  config: Config,
  parts: Pick<PipelineContext, 'ledger' | 'embedder' | 'projection' | 'log'> & { readonly countTokens: CountTokens },
): PipelineContext {
  const { countTokens, ...rest } = parts
  return {
    ...rest,
    chunking: { maxTokens: config.chunking.maxTokens, countTokens },
    clock: systemClock,
    // Everybody waits while the embedded store writes; a native one has other connections.
    targetCommitMs: config.ledger.kind === 'embedded' ? 250 : 2000,
  }
}

/** Its passages are in the language that its source has now: that is a generation's, and no part of the mapping. */
function earlierJob(
  job: SourceJob,
  editions: readonly MadeSource[],
  sources: readonly { readonly name: string; readonly language: string }[],
): SourceJob {
  const { name } = job.config
  const note = editions.find(({ source }) => source === name)?.mapping ?? ''
  // The ledger keeps the options in another order of keys, which their digest would see.
  const { mappingDigest, optionsDigest } = parseSettingsNote(note)
  if (mappingDigest !== job.mappingDigest) throw otherMapping(name)
  const language = Language.parse(sources.find((source) => source.name === name)?.language ?? job.config.language)
  return { ...job, optionsDigest, config: { ...job.config, language } }
}

/** The named sources (default all), grouped by connection. */
export async function sourceGroups(
  config: Config,
  env: Env,
  names: readonly string[] = [],
): Promise<readonly SourceGroup[]> {
  const all = Object.keys(config.sources)
  for (const name of names) {
    if (config.sources[name] !== undefined) continue
    const meant = nearest(name, all)
    const hint = meant === undefined ? `There are: ${all.join(', ')}.` : `Did you mean ${meant}?`
    throw new AquiferError('SOURCE_UNKNOWN', `There is no source ${name}. ${hint}`)
  }
  const grouped = Map.groupBy(Object.values(config.sources), ({ name, connection }) =>
    connection === undefined ? `source ${name}` : `connection ${connection}`,
  )
  const isWanted = ({ name }: SourceConfig): boolean => names.length === 0 || names.includes(name)
  const wanted = [...grouped.values()].filter((sources) => sources.some(isWanted))
  return Promise.all(wanted.map((sources) => sourceGroup(config, env, sources, isWanted)))
}

async function sourceGroup(
  config: Config,
  env: Env,
  sources: readonly SourceConfig[],
  isWanted: (source: SourceConfig) => boolean,
): Promise<SourceGroup> {
  const [first] = sources
  if (first === undefined) throw new AquiferError('INTERNAL', 'A group of sources is empty.')
  const connection = first.connection === undefined ? undefined : config.connections[first.connection]
  const configured = sources.map((source): SourceJob => ({
    config: source,
    mappingDigest: hash(mappingDigest(source.mapping), source.language),
    optionsDigest: hash(JSON.stringify(source.options)),
  }))
  return {
    type: first.type === metricsSourceName ? cardsType(config) : await loadIndexer(first.type),
    connection: async () => (connection === undefined ? undefined : revealSecrets(connection.options, env)),
    jobs: configured.filter((job) => isWanted(job.config)),
    configured,
  }
}

/** The definitions are read when the source is: that they are wrong is no other source's trouble. */
function cardsType(config: Config): IndexerType {
  return metricCards({ load: () => loadMetrics(config), open: config.access.default })
}

function hash(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64url').slice(0, 22)
}
