import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A server in a process of its own, with the first line it printed. */
export interface Started extends AsyncDisposable {
  readonly line: string
  readonly process: ChildProcess
}

export async function startServer(args: readonly string[]): Promise<Started> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${String(code)}`)))
  })
  return {
    line,
    process: child,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
    },
  }
}

export interface Ended {
  readonly code: unknown
  /** What it printed. */
  readonly document: Record<string, unknown>
}

/** Runs the program to its end; its progress goes to stderr. Gives its JSON document. */
export async function runProgram(dir: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, document } = await endProgram(dir, ...args)
  if (code !== 0) throw new Error(`aquifer ${args.join(' ')} ended with ${String(code)}: ${JSON.stringify(document)}`)
  return document
}

/** As `runProgram`, however it ends. */
export async function endProgram(dir: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, '--json', '--dir', dir, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  // The program prints one document.
  return { code, document: JSON.parse(out) as Record<string, unknown> }
}
