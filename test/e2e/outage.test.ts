import { expect, test } from 'vitest'
import type { SearchAnswer, Status } from '../../schemas/search.ts'
import { commonWord, openChangingSource } from '../kit/changing-source.ts'
import { openDeployment, type Deployment } from '../kit/deployment.ts'
import { indicesOf, removeIndices } from '../kit/elasticsearch-indices.ts'
import { findDifferences } from '../kit/find-differences.ts'
import { openNewClient, type McpClient } from '../kit/mcp-clients.ts'
import { openOpenAiDouble } from '../kit/openai-double.ts'
import { endOf, quickly, startProgram } from '../kit/program.ts'
import { openTcpProxy, type TcpProxy } from '../kit/tcp-proxy.ts'
import { until } from '../kit/until.ts'

async function search(client: McpClient, query: string): Promise<Pick<SearchAnswer, 'hits' | 'notices'>> {
  const { structuredContent, isError } = await client.callTool('search_knowledge', { query, limit: 5, explain: true })
  expect(isError ?? false).toBe(false)
  // The tool's own output schema is checked by the client.
  return structuredContent as unknown as SearchAnswer
}

test('while Elasticsearch is cut off, a watch goes on, searches answer by meaning, and afterwards it catches up by itself', async () => {
  let proxy: TcpProxy | undefined
  await using double = await openOpenAiDouble({ dimensions: 32 })
  await using deployment = await openDeployment('standard', {
    viaElasticsearch: async (url) => (proxy = await openTcpProxy(url)).url,
  })
  if (proxy === undefined || deployment.stores.kind !== 'standard') throw new Error('there is no way to Elasticsearch')
  await using way = proxy
  const { elasticsearchUrl, prefix } = deployment.stores
  await using source = await openChangingSource({
    folder: `${deployment.dir}/pages`,
    seed: 7,
    rows: 60,
    files: 20,
    peps: 0,
    sakila: false,
  })
  await deployment.configure(
    `embedding: { provider: openai, model: m, baseUrl: '${double.baseUrl}', dimensions: 32 }\n${source.yaml}`,
  )
  await using watch = startWatch(deployment)
  const inStep = async (): Promise<boolean> => {
    const { sources, stores } = await deployment.json<Status>('status')
    return (
      sources.every((each) => each.records > 0 && each.position === each.ledger_position) && stores[1]?.behind === 0
    )
  }
  await until(inStep)
  await using client = await openNewClient({
    command: process.execPath,
    args: [...quickly, '--dir', deployment.dir, 'serve', '--stdio'],
  })
  expect((await search(client, commonWord)).notices).toEqual([])
  const before = await deployment.json<Status>('status')

  way.cut()
  const doomed = [...((await source.read()).get('entries') ?? [])][0]
  if (doomed === undefined) throw new Error('there are no entries')
  await source.run(`delete from entry where id = '${doomed[0]}'`)
  await source.run(`insert into entry (id, title, body) values ('late', 'Late entry', 'something quite new')`)
  await source.change()
  // As its vector stands for it; found by meaning alone.
  const late = 'Late entry\nsomething quite new'
  await until(async () => (await search(client, late)).hits[0]?.id === 'entries:late')
  const answer = await search(client, late)
  expect(answer.notices).toEqual([
    expect.stringMatching(/^Found by meaning only: Elasticsearch cannot be reached/),
    expect.stringMatching(/^The word index is .+ behind\.$/),
  ])
  const ghost = `${doomed[1].title ?? ''}\n${doomed[1].text ?? ''}`
  const ghosts = async (): Promise<string[]> =>
    (await search(client, ghost)).hits.map(({ id }) => id).filter((id) => id === `entries:${doomed[0]}`)
  await until(async () => (await deployment.run('fetch', `entries:${doomed[0]}`)).code === 66)
  expect(await ghosts()).toEqual([])
  const during = await deployment.json<Status>('status')
  expect(during.stores[1]).toMatchObject({ name: 'elasticsearch', chunks: null })
  expect(during.stores[1]?.behind).toBeGreaterThan(20)
  const [was, is] = [before, during].map(({ sources }) => sources.find(({ name }) => name === 'entries'))
  // It may have moved on before the cut, when nothing was new; it does not reach what only the ledger holds.
  expect(is?.position).not.toBe(is?.ledger_position)
  expect(is?.ledger_position).not.toBe(was?.ledger_position)
  expect(is?.state).toBe('syncing')

  way.restore()
  await until(async () => {
    expect(await ghosts()).toEqual([])
    return (await search(client, 'quite new')).notices.length === 0 && (await inStep())
  })
  expect((await search(client, 'quite new')).hits[0]).toMatchObject({
    id: 'entries:late',
    legs: { lexical: { rank: 1 } },
  })
  expect(await ghosts()).toEqual([])

  // Indices that somebody deletes come back while the watch goes on,
  await removeIndices(elasticsearchUrl, await indicesOf(elasticsearchUrl, prefix))
  expect((await search(client, commonWord)).notices).toEqual([expect.stringMatching(/^Found by meaning only/)])
  await source.change()
  await until(async () => (await search(client, commonWord)).notices.length === 0 && (await inStep()))
  expect(await watch.stop()).toMatchObject({ code: 130 })
  expect(await deployment.run('sync')).toMatchObject({ code: 0 })
  expect(await findDifferences(deployment, source)).toEqual([])

  // and with the next sync.
  await removeIndices(elasticsearchUrl, await indicesOf(elasticsearchUrl, prefix))
  expect((await deployment.json<Status>('status')).stores[1]).toMatchObject({ chunks: 0, behind: expect.any(Number) })
  expect(await deployment.run('sync')).toMatchObject({ code: 0 })
  expect(await findDifferences(deployment, source)).toEqual([])
}, 240_000)

interface Watch extends AsyncDisposable {
  stop(): ReturnType<typeof endOf>
}

function startWatch({ dir }: Deployment): Watch {
  const child = startProgram(['sync', '--watch'], { dir })
  const ended = endOf(child)
  const stop = (): typeof ended => {
    child.kill('SIGINT')
    return ended
  }
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}
