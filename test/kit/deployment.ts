import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTestDatabase } from './postgres.ts'
import { openTestIndices } from './elasticsearch.ts'
import { runJson, runProgram, type Ended } from './program.ts'
import { openTempDir } from './temp-dir.ts'

export type DeploymentKind = 'embedded' | 'standard'

/** A folder with an aquifer.yaml over stores of its own, and the program run in it. */
export interface Deployment extends AsyncDisposable {
  readonly dir: string
  /** Writes aquifer.yaml: the stores' part is there already. */
  configure(yaml: string): Promise<void>
  run(...args: string[]): Promise<Ended>
  json<T>(...args: string[]): Promise<T>
}

export async function openDeployment(
  kind: DeploymentKind,
  env: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  await using opened = new AsyncDisposableStack()
  const { path: dir } = opened.use(await openTempDir())
  let stores = ''
  if (kind === 'standard') {
    const database = opened.use(await openTestDatabase())
    const indices = opened.use(await openTestIndices())
    stores = `ledger: { postgres: '${database.url}' }\nlexical: { elasticsearch: { url: '${indices.url}', prefix: ${indices.prefix} } }\n`
  }
  const stack = opened.move()
  return {
    dir,
    configure: (yaml) => writeFile(join(dir, 'aquifer.yaml'), `version: 1\n${stores}${yaml}`),
    run: (...args) => runProgram(args, { dir, env }),
    json: (...args) => runJson(args, { dir, env }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
