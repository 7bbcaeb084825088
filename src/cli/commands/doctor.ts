import { access, constants, statfs } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Option, type Command } from 'commander'
import { makeFolder } from '../../config/make-folder.ts'
import type { Config } from '../../core/config.ts'
import { AquiferError, kindTable, toAquiferError, toErrorView } from '../../core/errors.ts'
import { clientConfig, clients, type Client } from '../../mcp/client-config.ts'
import { runCommand, type GlobalOptions, type Run } from '../run.ts'

interface Finding {
  readonly what: string
  /** What was found, when it is well. */
  readonly detail: string
  readonly error: AquiferError | undefined
}

const launcher = fileURLToPath(new URL('../aquifer.js', import.meta.url))
const leastFreeBytes = 1e9

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .addOption(new Option('--client <client>', "print that client's configuration").choices(clients))
    .description('Check machine, stores, model and clients, and say what to do')
    .addHelpText('after', '\nExample:\n  aquifer doctor --client claude-code')
    .action(async (_options: unknown, command: Command) => {
      const flags = command.optsWithGlobals<GlobalOptions & { client?: Client }>()
      await runCommand(flags, (run) => (flags.client === undefined ? examine(run) : printClient(run, flags.client)))
    })
}

/** How a client on this machine starts this very program for this folder. */
export function localTarget(dir: string): { command: string; args: string[] } {
  return { command: process.execPath, args: [launcher, 'serve', '--stdio', '--dir', dir] }
}

async function printClient(run: Run, client: Client): Promise<void> {
  const config = clientConfig(client, localTarget(run.dir))
  const { command, file, text } = config
  run.print({ client, ...config }, () => `${command === undefined ? '' : `${command}\n\nor `}in ${file}:\n\n${text}`)
}

async function examine(run: Run): Promise<number> {
  const findings: Finding[] = [await look('Node', async () => Promise.resolve(process.versions.node))]
  let config: Config | undefined
  findings.push(
    await look('configuration', async () => {
      config = await run.loadConfig()
      const sources = Object.keys(config.sources).length
      return `${config.file}, ${String(sources)} source${sources === 1 ? '' : 's'}`
    }),
  )
  if (config?.ledger.kind === 'embedded') findings.push(await look('folder', () => lookAtFolder(run.dir)))
  if (config !== undefined) findings.push(...(await lookAtStores(run)))
  const error = findings.find((finding) => finding.error !== undefined)?.error
  const checks = findings.map((finding) => ({
    what: finding.what,
    ok: finding.error === undefined,
    detail: finding.detail,
    error: finding.error === undefined ? null : toErrorView(finding.error),
  }))
  run.print({ ok: error === undefined, checks }, () => `${findings.map(toLine).join('\n')}\n\n${nextMove(error)}`)
  return error === undefined ? 0 : kindTable[error.kind].exit
}

async function lookAtFolder(dir: string): Promise<string> {
  const store = `${dir}/.aquifer`
  await makeFolder(store).catch((cause: unknown) => {
    throw new AquiferError('DIR_NOT_WRITABLE', `The folder ${dir} can't be written to.`, { cause })
  })
  await access(store, constants.W_OK).catch((cause: unknown) => {
    throw new AquiferError('DIR_NOT_WRITABLE', `The folder ${store} can't be written to.`, { cause })
  })
  const { bavail, bsize } = await statfs(store)
  if (bavail * bsize < leastFreeBytes) {
    throw new AquiferError('DISK_FULL', `Only ${((bavail * bsize) / 1e6).toFixed(0)} MB are free in ${store}.`)
  }
  return `${store}, ${((bavail * bsize) / 1e9).toFixed(0)} GB free`
}

async function lookAtStores(run: Run): Promise<readonly Finding[]> {
  try {
    await using app = await run.openApp()
    const { ledger, projection, embedder, config } = app
    const status = await ledger.status()
    return [
      { what: 'ledger', detail: `${config.ledger.kind}, ${String(status.chunks)} chunks`, error: undefined },
      await look('words', async () => {
        if (projection === undefined) await ledger.checkLexical()
        else await projection.check()
        return projection?.name ?? (config.lexical === 'none' ? 'none: by meaning only' : 'BM25 in the ledger')
      }),
      await look('model', async () => {
        await embedder.ready()
        return embedder.model
      }),
    ]
  } catch (thrown) {
    return [{ what: 'ledger', detail: '', error: toAquiferError(thrown) }]
  }
}

async function look(what: string, check: () => Promise<string>): Promise<Finding> {
  try {
    return { what, detail: await check(), error: undefined }
  } catch (thrown) {
    return { what, detail: '', error: toAquiferError(thrown) }
  }
}

function toLine({ what, detail, error }: Finding): string {
  return error === undefined ? `✓ ${what}: ${detail}` : `✗ ${what}: ${error.code} ${error.message}\n  → ${error.fix}`
}

function nextMove(error: AquiferError | undefined): string {
  return error === undefined
    ? `All is well. \`aquifer check\` reaches the sources; \`aquifer doctor --client ${clients.join('|')}\` connects an agent.`
    : `Next: ${error.fix}`
}
