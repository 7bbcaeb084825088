import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const fixture = fileURLToPath(import.meta.resolve('./mcp-fixture.ts'))

/** The fixture program as a client starts it. */
export function fixtureCommand(...args: string[]): { readonly command: string; readonly args: readonly string[] } {
  return { command: process.execPath, args: [fixture, '--stdio', ...args] }
}

export interface RunningFixture extends AsyncDisposable {
  /** Address of its MCP endpoint. */
  readonly url: string
}

/** The fixture program serving HTTP in a process of its own. */
export async function startFixture(): Promise<RunningFixture> {
  const child = spawn(process.execPath, [fixture, '--http'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { url: `${String(line)}/mcp`, [Symbol.asyncDispose]: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
