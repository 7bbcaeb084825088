import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What runs the program, for those who start it in their own way. */
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** How tests start it: the embedded Postgres is WebAssembly, and a run of seconds gains nothing from compiling it twice. */
export const quickly: readonly string[] = ['--liftoff-only', main]

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface ProgramOptions {
  /** Folder of aquifer.yaml, and where the program runs. */
  readonly dir: string
  readonly env?: Readonly<Record<string, string>>
  /** A file descriptor to write to instead of a pipe. */
  readonly stdout?: number
}

/** Starts the program itself, as a user would. */
export function startProgram(args: readonly string[], { dir, env = {}, stdout }: ProgramOptions): ChildProcess {
  return spawn(process.execPath, [...quickly, ...args], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
  })
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<Ended> {
  const child = startProgram(args, options)
  child.stdin?.end()
  return endOf(child)
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, ...texts }
}

/** Runs a command with --json that has to succeed, and gives its document. */
export async function runJson<T>(args: readonly string[], options: ProgramOptions): Promise<T> {
  const { code, stdout, stderr } = await runProgram(['--json', ...args], options)
  if (code !== 0) throw new Error(`aquifer ${args.join(' ')} ended with ${String(code)}\n${stdout}\n${stderr}`)
  // What a test expects of the document, it says in T.
  return JSON.parse(stdout) as T
}
