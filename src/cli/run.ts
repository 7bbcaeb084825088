import { pino } from 'pino'
import { kindTable, toAquiferError, toErrorView, type AquiferError, type ErrorView } from '../core/errors.ts'
import { describeCause } from '../mcp/describe-cause.ts'
import type { Env } from '../core/env.ts'
import type { Log } from '../core/log.ts'
import type { App } from '../app.ts'
import { configDir } from '../config/config-dir.ts'
import type { Config } from '../core/config.ts'
import { plainText } from './plain-text.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly dir?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/** What a command has to do its work with. */
export interface Run {
  readonly env: Env
  /** The absolute folder of aquifer.yaml. */
  readonly dir: string
  readonly json: boolean
  readonly log: Log
  /** Aborts on the first Ctrl-C; the second ends the process at once. */
  readonly signal: AbortSignal
  /** The exit code that shells expect after such a signal. */
  stoppedCode(): number
  /** A result: JSON on stdout for programs, else the lines that `text` makes of it. */
  readonly print: (result: object, text: () => string) => void
  /** A remark for people on stderr; programs don't see it. */
  readonly say: (text: string) => void
  loadConfig(): Promise<Config>
  /** Opens what `config` names; by default the folder's own configuration. `onWait` hears why a model is waited for. */
  openApp(config?: Config, onWait?: (reason: string) => void): Promise<App>
}

/**
 * Runs a command and turns what it throws into a message with the fix and the exit code of its kind. `logs` is what is
 * logged unasked: nothing where all that goes wrong ends the command and is told.
 */
export async function runCommand(
  options: GlobalOptions,
  command: (run: Run) => Promise<number | void>,
  logs: 'silent' | 'error' = 'silent',
): Promise<void> {
  const json = options.json === true
  const log = pino(
    // Messages of unknown errors can quote values, URLs or SQL.
    { level: options.verbose === true ? 'debug' : logs, base: null, serializers: { err: describeCause } },
    pino.destination({ fd: 2, sync: true }),
  )
  const stop = stopOnSignals()
  const env = process.env
  // Loaded when needed: help, lists of tools and complaints about arguments must not wait for the rest of the program.
  const load = async (): Promise<Config> =>
    (await import('../config/load-config.ts')).loadConfig({ dir: options.dir, env })
  const run: Run = {
    env,
    dir: configDir({ dir: options.dir, env }),
    json,
    log,
    signal: stop.signal,
    stoppedCode: () => stop.exitCode(),
    print: (result, text) => process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${plainText(text())}\n`),
    say: (text) => {
      if (!json) process.stderr.write(`${plainText(text)}\n`)
    },
    loadConfig: load,
    openApp: async (config, onWait) => {
      const { openApp } = await import('../app.ts')
      return openApp({ config: config ?? (await load()), env, log, signal: stop.signal, onWait })
    },
  }
  try {
    process.exitCode = (await command(run)) ?? 0
  } catch (thrown) {
    if (stop.signal.aborted) {
      run.say('Stopped. The next run goes on where this one was.')
      process.exitCode = stop.exitCode()
    } else process.exitCode = reportError(toAquiferError(thrown), run)
  } finally {
    stop[Symbol.dispose]()
  }
}

/** Prints what went wrong and the next move; returns the exit code. */
export function reportError(error: AquiferError, { json, log }: Pick<Run, 'json' | 'log'>): number {
  log.debug({ err: error }, error.message)
  if (json) process.stdout.write(`${JSON.stringify({ error: toErrorView(error) })}\n`)
  else process.stderr.write(`${plainText(toText(error))}\n`)
  return kindTable[error.kind].exit
}

/** Code, message and, below, the next move. */
export function toText({ code, message, fix }: ErrorView): string {
  return `${code}: ${message}\n  → ${fix}`
}

interface Stop extends Disposable {
  readonly signal: AbortSignal
  exitCode(): number
}

function stopOnSignals(): Stop {
  const controller = new AbortController()
  let code = 0
  const handlers = new Map<NodeJS.Signals, () => void>()
  // Shells expect 128 + the number of the signal.
  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const handler = (): void => {
      if (controller.signal.aborted) process.exit(exit)
      code = exit
      controller.abort()
    }
    handlers.set(signal, handler)
    process.on(signal, handler)
  }
  return {
    signal: controller.signal,
    exitCode: () => code,
    [Symbol.dispose]: () => {
      for (const [signal, handler] of handlers) process.off(signal, handler)
    },
  }
}
