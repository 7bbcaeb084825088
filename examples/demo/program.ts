import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { DemoStopped } from './demo-stopped.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** The program itself, started in the demo's folder as a person would. */
export interface Program {
  /** How another program starts `aquifer ARGS`. */
  command(...args: readonly string[]): { readonly command: string; readonly args: readonly string[] }
  /** Runs a command on this terminal, which shows its progress. */
  show(...args: readonly string[]): Promise<void>
  /** The same for a command that has to end with this code, such as 64 for a refusal. */
  showEnding(code: number, ...args: readonly string[]): Promise<void>
  /** Runs a command for its JSON document. */
  read<T>(schema: z.ZodType<T>, ...args: readonly string[]): Promise<T>
  /** Serves HTTP on a free port until it is disposed of. */
  serve(): Promise<HttpService>
}

export interface HttpService extends AsyncDisposable {
  /** Address of its MCP endpoint. */
  readonly mcp: string
}

const Served = z.object({ mcp: z.string() })

interface ProgramOptions {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export function openProgram({ folder, env, signal }: ProgramOptions): Program {
  const command = (...args: readonly string[]) => ({
    command: process.execPath,
    args: [main, '--dir', folder, ...args],
  })
  const start = (args: readonly string[], stdio: StdioOptions): ChildProcess => {
    signal.throwIfAborted()
    const child = spawn(process.execPath, command(...args).args, { env: { ...process.env, ...env }, stdio, signal })
    // Being stopped by `signal` is an error event too; the exit tells everything.
    child.on('error', () => {})
    return child
  }
  return {
    command,
    show: async (...args) => check(args, await exitOf(start(args, ['ignore', 'inherit', 'inherit']))),
    showEnding: async (code, ...args) => {
      const exit = await exitOf(start(args, ['ignore', 'inherit', 'inherit']))
      if (exit.code !== code) check(args, { code: exit.code === 0 ? 1 : exit.code, signal: exit.signal })
    },
    read: async (schema, ...args) => {
      const child = start(['--json', ...args], ['ignore', 'pipe', 'inherit'])
      const exit = exitOf(child)
      const output = child.stdout === null ? '' : await text(child.stdout)
      check(args, await exit, output)
      return schema.parse(JSON.parse(output))
    },
    serve: async () => {
      const child = start(['--json', 'serve', '--http', '0'], ['ignore', 'pipe', 'inherit'])
      const exit = exitOf(child)
      const lines = child.stdout === null ? undefined : createInterface({ input: child.stdout })
      const line = lines === undefined ? [] : await Promise.race([once(lines, 'line'), exit.then(() => [])])
      if (line.length === 0) check(['serve', '--http', '0'], await exit)
      return {
        mcp: Served.parse(JSON.parse(String(line[0]))).mcp,
        [Symbol.asyncDispose]: async () => {
          child.kill('SIGTERM')
          await exit
        },
      }
    },
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function check(args: readonly string[], { code, signal }: Exit, output = ''): void {
  if (code === 0) return
  const reason = signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`
  const said = output.trim() === '' ? '' : `\n${output.trim()}`
  throw new DemoStopped(`\`aquifer ${args.join(' ')}\` ${reason}.${said}`, { exitCode: code ?? 1 })
}
