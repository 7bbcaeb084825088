import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** A server that tests need, and the ways to get it. */
export interface TestServer {
  readonly title: string
  /** Names a server of one's own; nothing is started then. */
  readonly variable: string
  readonly script: string
  readonly port: number
  readonly url: string
  readonly container: { readonly name: string; readonly run: readonly string[] }
  /** Projects of vitest whose tests use it; all that have servers, when absent. */
  readonly projects?: readonly string[]
  /** Resolves when the server at this address answers, else rejects. */
  probe(url: string): Promise<void>
  /** Removes what killed runs left behind; only asked for on a server that no `variable` named. */
  tidy(url: string): Promise<void>
}

/** Where a server is, or why it is nowhere. */
export type Found = { readonly url: string; readonly ours: boolean } | { readonly missing: string }

const run = promisify(execFile)
const readyWithinMs = 180_000

/** Takes the named server, else one in Docker, else the scripts; all are left running for the next run. */
export async function findServer(server: TestServer): Promise<Found> {
  const named = process.env[server.variable]
  if (named !== undefined && named !== '') {
    const failure = await failureOf(server.probe(named))
    return failure === undefined
      ? { url: named, ours: false }
      : { missing: `${server.variable} names a server that does not answer (${failure})` }
  }
  if ((await failureOf(server.probe(server.url))) === undefined) return { url: server.url, ours: true }
  const start = (await dockerAnswers()) ? startContainer(server) : startScript(server)
  const failure = await failureOf(start)
  return failure === undefined ? { url: server.url, ours: true } : { missing: failure }
}

/** The command that gives a developer this server. */
export function startCommand(server: TestServer): string {
  return process.platform === 'linux'
    ? `test/services/${server.script}/start.sh ${server.port}`
    : `docker ${server.container.run.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ')}`
}

async function startScript(server: TestServer): Promise<void> {
  if (process.platform !== 'linux') throw new Error('there is no Docker daemon here')
  const script = fileURLToPath(new URL(`../services/${server.script}/start.sh`, import.meta.url))
  await run(script, [String(server.port)], { timeout: 900_000 })
  await server.probe(server.url)
}

async function dockerAnswers(): Promise<boolean> {
  return (await failureOf(run('docker', ['info'], { timeout: 10_000 }))) === undefined
}

async function startContainer(server: TestServer): Promise<void> {
  const existing = await failureOf(run('docker', ['start', server.container.name]))
  if (existing !== undefined) await run('docker', [...server.container.run], { timeout: 900_000 })
  const deadline = Date.now() + readyWithinMs
  let failure = await failureOf(server.probe(server.url))
  while (failure !== undefined) {
    if (Date.now() > deadline) throw new Error(`container ${server.container.name} does not answer (${failure})`)
    await new Promise((resolve) => setTimeout(resolve, 500))
    failure = await failureOf(server.probe(server.url))
  }
}

async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error && error.stderr !== '' ? error.stderr : error
    return String(text).trim().split('\n').slice(-8).join('\n')
  }
}
