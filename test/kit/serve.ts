import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { ServerTarget } from './mcp-clients.ts'
import { quickly, startProgram } from './program.ts'

const Started = z.object({ url: z.string(), mcp: z.string() })

/** How a client starts the program for this folder. */
export function stdioTarget(dir: string): ServerTarget {
  return { command: process.execPath, args: [...quickly, 'serve', '--stdio', '--dir', dir] }
}

export interface RunningServer extends AsyncDisposable {
  /** Without a slash at the end, on the loopback. */
  readonly url: string
  /** Of its MCP endpoint. */
  readonly mcp: string
  readonly get: (path: string, key?: string) => Promise<Response>
  /** What the program wrote to stderr so far. */
  readonly stderr: () => string
}

const local = (address: string): string => address.replace('0.0.0.0', '127.0.0.1')

/** The program serving HTTP on a free port of this host; ended by SIGTERM, as a service is. */
export async function startServe(dir: string, host = '127.0.0.1'): Promise<RunningServer> {
  const child = startProgram(['--json', 'serve', '--http', `${host}:0`], { dir })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = once(child, 'close')
  if (child.stdout === null) throw new Error('the program has no standard output')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const started = Started.safeParse(JSON.parse(String(line)))
  if (!started.success) throw new Error(`aquifer serve did not start: ${String(line)}`)
  const { url, mcp } = started.data
  return {
    url: local(url),
    mcp: local(mcp),
    get: (path, key) =>
      fetch(`${local(url)}${path}`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    stderr: () => stderr,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      const [code] = await ended
      if (code !== 0) throw new Error(`aquifer serve ended with ${String(code)}\n${stderr}`)
    },
  }
}
