import path from 'node:path'
import type { Config } from './core/config.ts'
import { systemClock } from './core/clock.ts'
import type { Env } from './core/env.ts'
import { AquiferError } from './core/errors.ts'
import type { Ledger } from './core/ledger.ts'
import type { Log } from './core/log.ts'
import { loadMetrics } from './cli/load-metrics.ts'
import { revealSecrets } from './config/reveal-secrets.ts'
import type { NumbersContext } from './semantic/ask/context.ts'
import { guardsOf } from './semantic/checks/guards-of.ts'
import { outcomesOf } from './semantic/checks/outcomes-of.ts'
import { runChecks } from './semantic/checks/run-checks.ts'
import type { Engine } from './semantic/engine.ts'
import { loadEngine } from './semantic/engines/index.ts'
import { keptAnswer } from './semantic/kept/kept-answer.ts'
import { keptNames } from './semantic/kept/kept-queries.ts'
import { createNumbers, type NumbersMethods } from './semantic/numbers.ts'
import { hashOf } from './semantic/trust/hash.ts'

/** The metrics of a configuration, over engines that are opened at first use. */
export interface OpenNumbers extends AsyncDisposable {
  readonly context: NumbersContext
  readonly numbers: NumbersMethods
}

export interface OpenNumbersOptions {
  readonly config: Config
  readonly env: Env
  readonly log: Log
  readonly ledger: Pick<Ledger, 'secret' | 'checkNotes' | 'noteChecks' | 'keptAnswer'>
}

/** METRICS_NONE where the configuration names no metrics, CONFIG_INVALID with every fault of theirs. */
export async function openNumbers({ config, env, log, ledger }: OpenNumbersOptions): Promise<OpenNumbers> {
  const layer = await loadMetrics(config)
  await using stack = new AsyncDisposableStack()
  const engine = openEngines({ config, env, log }, stack)
  const context: NumbersContext = {
    layer,
    engine,
    secret: await ledger.secret({ purpose: 'receipts' }),
    everybody: config.access.default,
    clock: systemClock,
    outcomes: async (metrics) => outcomesOf(layer, metrics, await ledger.checkNotes()),
    check: (metrics, signal) =>
      runChecks({ layer, engine, ledger, clock: systemClock, log }, guardsOf(layer, metrics), signal),
    kept: async ({ question, compiled, access }) => {
      if (keptNames(layer).length === 0) return undefined
      const { dialect } = await engine(compiled.connection ?? '')
      const request = { question, compiled, access, dialect }
      return keptAnswer({ layer, ledger, clock: systemClock, origin: originOf(config) }, request)
    },
    limits: { rows: 1_000_000, bytes: 256 * 1024 * 1024, timeoutMs: 60_000 },
  }
  const moved = stack.move()
  return {
    context,
    numbers: createNumbers(context),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

function openEngines(
  { config, env, log }: Omit<OpenNumbersOptions, 'ledger'>,
  stack: AsyncDisposableStack,
): NumbersContext['engine'] {
  const opened = new Map<string, Promise<Engine>>()
  stack.defer(async () => {
    await Promise.allSettled([...opened.values()].map(async (engine) => (await engine)[Symbol.asyncDispose]()))
  })
  return (name) => {
    const engine = opened.get(name) ?? openEngine(name, { config, env, log })
    opened.set(name, engine)
    // What could not be opened is tried again by the next question.
    engine.catch(() => opened.delete(name))
    return engine
  }
}

/** The database of a connection, to compute metrics in. CONFIG_INVALID where that cannot be done in its type. */
export async function openEngine(
  name: string,
  { config, env, log }: Omit<OpenNumbersOptions, 'ledger'>,
): Promise<Engine> {
  const connection = config.connections[name]
  if (connection === undefined) throw new AquiferError('CONFIG_INVALID', `aquifer.yaml has no connection ${name}.`)
  const type = await loadEngine(connection.type)
  const options = await revealSecrets(connection.options, env)
  return type.open({ name, options, dir: stateDir(config), log })
}

/** A digest of how a connection is reached: another one may lead to another database. */
export const originOf =
  (config: Config) =>
  (connection: string | undefined): string => {
    const { type, options } = config.connections[connection ?? ''] ?? {}
    // Where in the file a secret stands does not matter.
    return hashOf(JSON.stringify([type, options], (key, value: unknown) => (key === 'place' ? undefined : value)))
  }

const stateDir = ({ dir, ledger }: Config): string =>
  ledger.kind === 'embedded' ? ledger.dir : path.join(dir, '.aquifer')
