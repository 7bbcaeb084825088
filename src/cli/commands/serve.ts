import type { Command } from 'commander'
import packageJson from '../../../package.json' with { type: 'json' }
import type { Status } from '../../../schemas/search.ts'
import type { App } from '../../app.ts'
import type { Caller } from '../../core/caller.ts'
import { AquiferError, toAquiferError } from '../../core/errors.ts'
import type { Callers } from '../../http/authenticate.ts'
import { createReadyCheck } from '../readiness.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'
import { hashKey } from './keys.ts'

interface ServeFlags extends GlobalOptions {
  readonly stdio?: boolean
  readonly http?: string
  readonly allowHost?: string[]
}

const defaultPort = 7331
const warmAfterMs = 500

export function addServe(program: Command): void {
  program
    .command('serve')
    .option('--stdio', 'speak MCP on standard input and output (what IDEs start)')
    .option(
      '--http <[host:]port>',
      `speak MCP over HTTP, with the console at / (default: 127.0.0.1:${String(defaultPort)})`,
    )
    .option('--allow-host <name...>', 'further names by which clients reach this service over HTTP')
    .description('Serve agents over MCP')
    .addHelpText(
      'after',
      '\nOn any address but the loopback, callers need a key: see `aquifer keys add --help`.\n\nExamples:\n  aquifer serve --stdio\n  aquifer serve --http 7331\n  aquifer serve --http 0.0.0.0:7331',
    )
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ServeFlags>()
      await runCommand(flags, (run) => (flags.stdio === true ? serveStdio(run) : serveHttp(run, flags)), 'error')
    })
}

/** A client lists tools first: only then, or with the first call, are stores and model made ready. */
async function serveStdio(run: Run): Promise<void> {
  const config = await run.loadConfig()
  const app = openOnce(run)
  const warm = setTimeout(() => {
    app
      .get()
      .then(
        (opened) => opened.embedder.ready(),
        (error: unknown) => run.log.error({ err: error }, toAquiferError(error).message),
      )
      .catch((error: unknown) => {
        const { code, message } = toAquiferError(error)
        // Who goes before the model is ready has not been failed.
        if (code !== 'CANCELLED') run.log.error({ err: error }, message)
      })
  }, warmAfterMs)
  const { serveStdio: serve } = await import('../../mcp/stdio.ts')
  const { createCallGate } = await import('../../mcp/call-gate.ts')
  try {
    await serve({
      knowledge: async () => (await app.get()).knowledge(),
      numbers: config.metrics === undefined ? undefined : async () => (await app.get()).numbers(),
      gate: createCallGate(),
      log: run.log,
      version: packageJson.version,
      caller: config.access.local,
      signal: run.signal,
    })
  } finally {
    clearTimeout(warm)
    await app.close()
  }
}

async function serveHttp(run: Run, flags: ServeFlags): Promise<void> {
  const { host, port } = parseAddress(flags.http ?? String(defaultPort))
  const opened = openOnce(run)
  try {
    const app = await opened.get()
    const { startHttp } = await import('../../http/start-http.ts')
    const { readStatus } = await import('../../search/read-status.ts')
    const knowledge = app.knowledge()
    const administrator: Caller = { id: 'status', groups: [], admin: true }
    const status = (): Promise<Status> => readStatus(app.search(), administrator)
    await using server = await startHttp({
      host,
      port,
      knowledge: () => Promise.resolve(knowledge),
      numbers: app.config.metrics === undefined ? undefined : () => app.numbers(),
      callers: keyring(app),
      local: app.config.access.local,
      allowedHosts: flags.allowHost ?? [],
      status,
      ready: createReadyCheck(app, run.log),
      log: run.log,
      version: packageJson.version,
    })
    app.embedder.ready().catch((error: unknown) => {
      if (!run.signal.aborted) run.log.error({ err: error }, 'the embedding model is not ready')
    })
    run.print(
      { url: server.url, mcp: `${server.url}/mcp` },
      () => `MCP at ${server.url}/mcp, console at ${server.url}/ (Ctrl-C ends it)`,
    )
    if (server.keyNeeded && !(await hasKey(app))) {
      run.say('Every call needs a key here, and there is none yet: `aquifer keys add NAME --group GROUP` makes one.')
    }
    await new Promise<void>((resolve) => {
      if (run.signal.aborted) resolve()
      run.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  } finally {
    await opened.close()
  }
}

async function hasKey({ ledger }: App): Promise<boolean> {
  return (await ledger.listKeys()).some(({ revokedAt }) => revokedAt === undefined)
}

function keyring(app: App): Callers {
  return {
    find: async (key) => {
      const found = await app.ledger.findKey({ hash: hashKey(key) })
      return found === undefined
        ? undefined
        : { id: `key ${String(found.id)}`, groups: found.groups, admin: found.admin }
    },
  }
}

interface OpenOnce {
  get(): Promise<App>
  close(): Promise<void>
}

/** One app for all calls; after a failure to open, the next call tries again. */
function openOnce(run: Run): OpenOnce {
  let opening: Promise<App> | undefined
  return {
    get: () =>
      (opening ??= run.openApp().catch((error: unknown) => {
        opening = undefined
        throw error
      })),
    close: async () => {
      const app = await opening?.catch(() => undefined)
      await app?.[Symbol.asyncDispose]()
    },
  }
}

/** `7331`, `0.0.0.0:7331` or `[::1]:7331`. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:(?<host>\[[^\]]+\]|[^:]+):)?(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups?.['port'])
  if (match === null || port > 65_535)
    throw new AquiferError('ARGUMENT_INVALID', `${text} is not of the form [HOST:]PORT.`)
  return { host: (match.groups?.['host'] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port }
}
