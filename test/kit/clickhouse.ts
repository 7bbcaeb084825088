import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTempDir } from './temp-dir.ts'

export interface TestClickhouse extends AsyncDisposable {
  readonly url: string
  /** Runs one statement, as somebody who may write; its answer as text. */
  readonly run: (sql: string) => Promise<string>
}

/** An empty ClickHouse in a process of its own, or why there is none: `chdb` is not to be had for every platform. */
export async function openTestClickhouse(): Promise<TestClickhouse | { readonly missing: string }> {
  const folder = await openTempDir()
  const door = fileURLToPath(new URL('./clickhouse-door.ts', import.meta.url))
  const child = spawn(process.execPath, [door, join(folder.path, 'data')], { stdio: ['ignore', 'pipe', 'pipe'] })
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await folder[Symbol.asyncDispose]()
  }
  const port = await portOf(child)
  if (typeof port !== 'number') {
    await dispose()
    return { missing: `chdb, the embedded ClickHouse of the tests, does not run here: ${port.failure}` }
  }
  const url = `http://127.0.0.1:${String(port)}`
  return {
    url,
    run: async (sql) => {
      const response = await fetch(url, { method: 'POST', body: sql })
      const answer = await response.text()
      if (!response.ok) throw new Error(answer)
      return answer
    },
    [Symbol.asyncDispose]: dispose,
  }
}

async function portOf(child: ChildProcess): Promise<number | { readonly failure: string }> {
  let errors = ''
  child.stderr?.on('data', (part: Buffer) => void (errors += part.toString()))
  const printed = new Promise<number>((resolve) => {
    child.stdout?.on('data', (part: Buffer) => resolve(Number(part.toString())))
  })
  const ended = once(child, 'exit').then(() => ({ failure: errors.slice(-500) }))
  return Promise.race([printed, ended])
}
