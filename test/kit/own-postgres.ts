import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { closedPort } from './closed-port.ts'

const run = promisify(execFile)
const script = (name: string): string => fileURLToPath(new URL(`../services/postgres/${name}.sh`, import.meta.url))

export interface OwnPostgres extends AsyncDisposable {
  readonly url: string
  /** Where its files are. */
  readonly folder: string
  run(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** A server of its own for one test, whose settings it may change; only where the scripts start servers. */
export async function openOwnPostgres(): Promise<OwnPostgres> {
  const port = String(await closedPort())
  const { stdout } = await run(script('start'), [port], { timeout: 120_000 })
  const url = stdout.trim().split('\n').at(-1) ?? ''
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`)
  const folder = rows[0]?.folder ?? ''
  return {
    url,
    folder,
    run: async (text) => (await client.query<Record<string, unknown>>(text)).rows,
    async [Symbol.asyncDispose]() {
      await client.end()
      await run(script('stop'), [port])
      if (folder !== '') await rm(folder, { recursive: true })
    },
  }
}
