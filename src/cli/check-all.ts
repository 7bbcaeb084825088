import type { MetricLayer } from '../../schemas/metrics.ts'
import { openEngine } from '../open-numbers.ts'
import { openLedger, openModel, openProjection, sourceGroups, type AppOptions } from '../app.ts'
import { metricsSourceName } from '../config/metrics-source.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { Config } from '../core/config.ts'
import { kindTable, toAquiferError, toErrorView, type AquiferError } from '../core/errors.ts'
import type { SourceGroup } from '../pipeline/source-job.ts'
import { isEngine } from '../semantic/engines/index.ts'
import { loadMetrics } from './load-metrics.ts'
import type { Run } from './run.ts'

interface Checked {
  readonly what: string
  /** What to change though it works. */
  readonly advice?: readonly string[]
  readonly error: AquiferError | undefined
}

/** Each part by itself: what is wrong with one does not hide the others. */
export async function checkAll(run: Run): Promise<number> {
  const config = await run.loadConfig()
  const parts = { config, env: run.env, log: run.log, signal: run.signal }
  const results: Checked[] = [{ what: `configuration ${config.file}`, error: undefined }, ...(await checkStores(parts))]
  results.push(
    await attempt('embedding model', async () => {
      await using embedder = await openModel(parts)
      await embedder.ready()
    }),
  )
  let layer: MetricLayer | undefined
  if (config.metrics !== undefined) {
    results.push(await attempt('metrics', async () => void (layer = await loadMetrics(config))))
  }
  for (const name of computing(config)) results.push(...(await checkConnection(name, parts, layer)))
  // Metrics have been checked above, and theirs is made of nothing else.
  const names = Object.keys(config.sources).filter((name) => config.sources[name]?.type !== metricsSourceName)
  for (const name of names) {
    results.push(
      await attempt(`source ${name}`, async () => {
        for (const group of await sourceGroups(config, run.env, [name])) await checkGroup(group, run.signal)
      }),
    )
  }
  const error = results.find((result) => result.error !== undefined)?.error
  const checks = results.map((result) => ({
    what: result.what,
    ok: result.error === undefined,
    error: result.error === undefined ? null : toErrorView(result.error),
    advice: result.advice ?? [],
  }))
  run.print({ ok: error === undefined, checks }, () => toText(results))
  if (names.length === 0 && config.metrics === undefined) {
    run.say('aquifer.yaml names no sources yet; `aquifer init --help` shows how to begin.')
  }
  return error === undefined ? 0 : kindTable[error.kind].exit
}

/** The connection, and what the models say of its tables. */
async function checkConnection(
  name: string,
  parts: AppOptions,
  layer: MetricLayer | undefined,
): Promise<readonly Checked[]> {
  const advice: string[] = []
  const models: Checked[] = []
  const checked = await attempt(`connection ${name}`, async () => {
    await using engine = await openEngine(name, parts)
    advice.push(...((await engine.check?.()) ?? []))
    if (layer === undefined) return
    const { probeModel } = await import('../semantic/checks/probe-model.ts')
    for (const [model, { connection }] of Object.entries(layer.models)) {
      if (connection !== name) continue
      models.push(await attempt(`model ${model}`, () => probeModel(layer, model, engine, parts.signal)))
    }
  })
  return [{ ...checked, advice }, ...models]
}

/** Connections in which metrics are computed, as far as `metrics` says or no source reads them. */
function computing({ connections, sources, metrics }: Config): readonly string[] {
  const read = new Set(Object.values(sources).map(({ connection }) => connection))
  return Object.values(connections)
    .filter(({ name, type }) => isEngine(type) && (metrics !== undefined || !read.has(name)))
    .map(({ name }) => name)
}

/** The ledger, and where its words are: nothing can be said of words in a ledger that does not open. */
async function checkStores(parts: AppOptions): Promise<readonly Checked[]> {
  const { lexical, ledger: where } = parts.config
  const words: Checked[] = []
  let owner: string | undefined
  const ledger = await attempt(`ledger (${where.kind})`, async () => {
    await using opened = await openLedger(parts)
    owner = await opened.secret({ purpose: 'projection' })
    if (lexical === undefined) words.push(await attempt('words (lexical)', () => opened.checkLexical()))
  })
  if (lexical === 'none') words.push({ what: 'words (lexical: none)', error: undefined })
  else if (lexical !== undefined) {
    words.push(
      await attempt('words (lexical)', async () => {
        await using projection = await openProjection(parts, owner)
        await projection?.check()
      }),
    )
  }
  return [ledger, ...words]
}

async function checkGroup(group: SourceGroup, signal: AbortSignal): Promise<void> {
  const sources = Object.fromEntries(group.jobs.map(({ config }) => [config.name, config.options]))
  const indexer = await group.type.open(await group.connection(), {
    connection: group.jobs[0]?.config.connection ?? '',
    sources,
    others: async () => ({}),
    until: 'now',
    signal,
    clock: systemClock,
    log: silentLog,
    everyMs: 0,
    digest: () => '',
  })
  await indexer[Symbol.asyncDispose]()
}

async function attempt(what: string, check: () => Promise<void>): Promise<Checked> {
  try {
    await check()
    return { what, error: undefined }
  } catch (thrown) {
    return { what, error: toAquiferError(thrown) }
  }
}

function toText(results: readonly Checked[]): string {
  return results
    .map(({ what, error, advice = [] }) =>
      error === undefined
        ? [`✓ ${what}`, ...advice.map((sentence) => `  → ${sentence}`)].join('\n')
        : `✗ ${what}\n  ${error.code}: ${error.message}\n  → ${error.fix}`,
    )
    .join('\n')
}
