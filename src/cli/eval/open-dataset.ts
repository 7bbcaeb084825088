import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { App } from '../../app.ts'
import type { Config } from '../../core/config.ts'
import type { GenerationSettings } from '../../core/ledger-generations.ts'
import { sync } from '../../pipeline/sync.ts'
import { showProgress } from '../progress.ts'
import type { Run } from '../run.ts'
import { corpusGroup, corpusSources } from './corpus-source.ts'
import type { Dataset } from './read-dataset.ts'

/**
 * An app that holds the dataset's documents and nothing else, in stores of their own beside the configured ones; or the
 * configured app itself for golden questions. The stores are kept, so that a second run embeds nothing again.
 */
export async function openDataset(run: Run, dataset: Dataset): Promise<App> {
  const config = await run.loadConfig()
  if (dataset.corpus === undefined) return run.openApp(config)
  const app = await run.openApp(besides(config, dataset))
  try {
    const progress = showProgress(run)
    const settings = await app.settings()
    const outcome = await sync(app.pipeline(), {
      settings,
      groups: [corpusGroup(dataset.corpus)],
      configured: corpusSources,
      pricePerMillionTokens: undefined,
      full: await isOutdated(app, settings),
      watch: undefined,
      signal: run.signal,
      onProgress: progress.update,
      onTrouble: (_names, error) => progress.note(error.message),
    }).finally(() => progress.end())
    const error = outcome.sources.find((source) => source.error !== undefined)?.error ?? outcome.projection
    if (error !== undefined) throw error
    run.signal.throwIfAborted()
    return app
  } catch (error) {
    await app[Symbol.asyncDispose]()
    throw error
  }
}

/** A run under other settings left vectors that these can't use. */
async function isOutdated(app: App, settings: GenerationSettings): Promise<boolean> {
  const { generation } = await app.ledger.status()
  return generation !== undefined && (generation.model !== settings.model || generation.chunker !== settings.chunker)
}

/** The same configuration over other stores: another folder, or another schema and another prefix. */
function besides(config: Config, dataset: Dataset): Config {
  const mark = createHash('sha256').update(dataset.dir).digest('hex').slice(0, 8)
  return {
    ...config,
    ledger:
      config.ledger.kind === 'embedded'
        ? {
            kind: 'embedded',
            dir: join(config.ledger.dir, 'eval', `${dataset.name.replaceAll(/[^\w-]/g, '_')}-${mark}`),
          }
        : { ...config.ledger, schema: `${config.ledger.schema}_eval_${mark}` },
    lexical:
      config.lexical === undefined || config.lexical === 'none'
        ? config.lexical
        : {
            elasticsearch: {
              ...config.lexical.elasticsearch,
              prefix: `${config.lexical.elasticsearch.prefix}-eval-${mark}`,
            },
          },
    connections: {},
    sources: corpusSources,
  }
}
