import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { indicesOf, removeIndices } from '../kit/elasticsearch-indices.ts'
import { openOpenAiDouble, type OpenAiDouble } from '../kit/openai-double.ts'
import { createDatabase, dropDatabase } from '../kit/postgres-databases.ts'
import { openTcpProxy, type TcpProxy } from '../kit/tcp-proxy.ts'
import { testName } from '../kit/test-name.ts'
import { findServer, startCommand, type TestServer } from '../kit/test-server.ts'
import { testServers } from '../kit/test-servers.ts'
import { dimensions } from './item.ts'
import { openFiles } from './kinds/files.ts'
import { openKafka } from './kinds/kafka.ts'
import { inTurn } from './kinds/in-turn.ts'
import type { Kind, KindName } from './kinds/kind.ts'
import { openMariadb } from './kinds/mariadb.ts'
import { openMongodb } from './kinds/mongodb.ts'
import { openPostgres } from './kinds/postgres.ts'

/** The stores as the oracle reaches them: past every link that is broken. */
export interface Stores {
  readonly ledgerUrl: string
  readonly elasticsearchUrl: string
  readonly prefix: string
}

/** A deployment with its sources, all empty, over servers of which it has its own part. */
export interface Scene extends AsyncDisposable {
  readonly dir: string
  readonly env: Readonly<Record<string, string>>
  readonly kinds: readonly Kind[]
  readonly stores: Stores
  readonly model: OpenAiDouble
  /** Ways that the program takes and that can be broken, by what is at their end. */
  readonly links: ReadonlyMap<string, TcpProxy>
}

export interface SceneOptions {
  readonly dir: string
  readonly kinds: readonly KindName[]
  readonly operations: number
}

export async function openScene({ dir, kinds: names, operations }: SceneOptions): Promise<Scene> {
  await using opened = new AsyncDisposableStack()
  const [postgres, elasticsearchUrl] = await Promise.all([
    addressOf(testServers.postgres),
    addressOf(testServers.elasticsearch),
  ])
  const name = testName('_')
  await createDatabase(postgres, name)
  opened.defer(() => dropDatabase(postgres, name))
  const ledger = new URL(postgres)
  ledger.pathname = `/${name}`
  const prefix = testName('-')
  opened.defer(async () => removeIndices(elasticsearchUrl, await indicesOf(elasticsearchUrl, prefix)))
  const model = opened.use(await openOpenAiDouble({ dimensions, keepCalls: false }))
  const links = new Map([
    ['ledger', opened.use(await openTcpProxy(ledger.href))],
    ['elasticsearch', opened.use(await openTcpProxy(elasticsearchUrl))],
  ])
  const kinds: Kind[] = []
  // So small that every record is changed again and again.
  const size = Math.max(40, Math.min(2500, Math.round(operations / 60)))
  for (const kind of names) kinds.push(inTurn(opened.use(await openKind(kind, dir, size))))
  for (const { name: kind, link } of kinds) if (link !== undefined) links.set(kind, link)
  const [ledgerLink, elasticsearchLink] = [links.get('ledger')?.url ?? '', links.get('elasticsearch')?.url ?? '']
  await writeFile(
    join(dir, 'aquifer.yaml'),
    `version: 1
ledger: { postgres: '${ledgerLink}' }
lexical: { elasticsearch: { url: '${elasticsearchLink}', prefix: ${prefix} } }
embedding: { provider: openai, model: m, baseUrl: '${model.baseUrl}', dimensions: ${String(dimensions)} }
connections:
${kinds.map(({ yaml }) => yaml.connections).join('\n')}
sources:
${kinds.map(({ yaml }) => yaml.sources).join('\n')}
`,
  )
  const stack = opened.move()
  return {
    dir,
    env: Object.assign({}, ...kinds.map(({ env }) => env)) as Record<string, string>,
    kinds,
    stores: { ledgerUrl: ledger.href, elasticsearchUrl, prefix },
    model,
    links,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function openKind(name: KindName, dir: string, size: number): Promise<Kind> {
  if (name === 'files') return openFiles(join(dir, 'pages'), Math.min(size, 600))
  const url = await addressOf(testServers[name])
  if (name === 'postgres') return openPostgres(url, size)
  if (name === 'mariadb') return openMariadb(url, size)
  return name === 'mongodb' ? openMongodb(url, size) : openKafka(url, size)
}

async function addressOf(server: TestServer): Promise<string> {
  const found = await findServer(server)
  if ('url' in found) return found.url
  throw new Error(`${server.title} is not to be had: ${found.missing}\nStart one with: ${startCommand(server)}`)
}
