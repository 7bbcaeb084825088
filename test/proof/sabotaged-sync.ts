import { openApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { AquiferError } from '../../src/core/errors.ts'
import { silentLog } from '../../src/core/log.ts'
import { sync } from '../../src/pipeline/sync.ts'
import { sabotage, sabotageNames } from './sabotage.ts'
import { allAtOnce } from '../../src/core/turns.ts'

/** `aquifer sync --watch` of this folder, put together from the same parts, one of which is sabotaged: NAME as the argument. */
const name = sabotageNames.find((each) => each === process.argv[2])
if (name === undefined) throw new Error(`there is no sabotage ${String(process.argv[2])}`)
const stop = new AbortController()
process.on('SIGINT', () => stop.abort())
const env = process.env
const config = await loadConfig({ dir: process.cwd(), env })
await using app = await openApp({ config, env, log: silentLog, signal: stop.signal })
const context = app.pipeline()
const { lexical } = config
if (context.projection === undefined || lexical === undefined || lexical === 'none')
  throw new Error('there is no projection')
const { url, prefix } = lexical.elasticsearch
if (typeof url !== 'string') throw new Error('the address of Elasticsearch is a secret')
const broken = sabotage(name, {
  ledger: context.ledger,
  projection: context.projection,
  elasticsearch: { url: url.replace(/\/$/, ''), prefix },
  restarts: Number(env['PROOF_RESTARTS'] ?? 0),
})
await sync(
  { ...context, ...broken },
  {
    settings: await app.settings(),
    groups: await app.groups(),
    configured: config.sources,
    pricePerMillionTokens: undefined,
    full: false,
    watch: allAtOnce,
    signal: stop.signal,
    onProgress: () => {},
    onTrouble: (names, error) =>
      console.error(names.join(', '), error instanceof AquiferError ? error.code : '', error.message),
  },
)
