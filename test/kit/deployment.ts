import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTestDatabase } from './postgres.ts'
import { openTestIndices } from './elasticsearch.ts'
import { runJson, runProgram, type Ended } from './program.ts'
import { openTempDir } from './temp-dir.ts'

export type DeploymentKind = 'embedded' | 'standard'

/** Where a deployment keeps what it knows, for tests that look there themselves. */
export type Stores =
  | { readonly kind: 'embedded'; readonly dir: string }
  | {
      readonly kind: 'standard'
      readonly databaseUrl: string
      readonly elasticsearchUrl: string
      readonly prefix: string
    }

export interface DeploymentOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The way by which the program reaches Elasticsearch, given its own address. */
  readonly viaElasticsearch?: (url: string) => Promise<string>
}

/** A folder with an aquifer.yaml over stores of its own, and the program run in it. */
export interface Deployment extends AsyncDisposable {
  readonly dir: string
  readonly stores: Stores
  /** Writes aquifer.yaml: the stores' part is there already. */
  configure(yaml: string): Promise<void>
  run(...args: string[]): Promise<Ended>
  json<T>(...args: string[]): Promise<T>
}

export async function openDeployment(
  kind: DeploymentKind,
  { env = {}, viaElasticsearch = async (url) => url }: DeploymentOptions = {},
): Promise<Deployment> {
  await using opened = new AsyncDisposableStack()
  const { path: dir } = opened.use(await openTempDir())
  let yamlOfStores = ''
  let stores: Stores = { kind: 'embedded', dir: join(dir, '.aquifer') }
  if (kind === 'standard') {
    const database = opened.use(await openTestDatabase())
    const indices = opened.use(await openTestIndices())
    const { url: elasticsearchUrl, prefix } = indices
    stores = { kind: 'standard', databaseUrl: database.url, elasticsearchUrl, prefix }
    yamlOfStores = `ledger: { postgres: '${database.url}' }\nlexical: { elasticsearch: { url: '${await viaElasticsearch(elasticsearchUrl)}', prefix: ${prefix} } }\n`
  }
  const stack = opened.move()
  return {
    dir,
    stores,
    configure: (yaml) => writeFile(join(dir, 'aquifer.yaml'), `version: 1\n${yamlOfStores}${yaml}`),
    run: (...args) => runProgram(args, { dir, env }),
    json: (...args) => runJson(args, { dir, env }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
