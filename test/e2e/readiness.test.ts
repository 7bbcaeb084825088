import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Status } from '../../schemas/search.ts'
import { openDeployment } from '../kit/deployment.ts'
import { openOpenAiDouble } from '../kit/openai-double.ts'
import { endOf, runProgram, startProgram } from '../kit/program.ts'
import { startServe } from '../kit/serve.ts'
import { openTcpProxy, type TcpProxy } from '../kit/tcp-proxy.ts'
import { openTempDir } from '../kit/temp-dir.ts'
import { until } from '../kit/until.ts'

const well = [
  { name: 'ledger', ok: true },
  { name: 'lexical', ok: true },
]

test('readiness turns red when a sink is down for the watch or the watch stands still, and goes back to green', async () => {
  let proxy: TcpProxy | undefined
  await using double = await openOpenAiDouble({ dimensions: 16 })
  await using deployment = await openDeployment('standard', {
    viaElasticsearch: async (url) => (proxy = await openTcpProxy(url)).url,
  })
  if (proxy === undefined || deployment.stores.kind !== 'standard') throw new Error('there is no way to Elasticsearch')
  await using way = proxy
  const { databaseUrl, elasticsearchUrl, prefix } = deployment.stores
  const pages = join(deployment.dir, 'pages')
  await mkdir(pages)
  await writeFile(join(pages, 'one.md'), 'first words')
  const knowledge = `embedding: { provider: openai, model: m, baseUrl: '${double.baseUrl}', dimensions: 16 }
sources:
  pages: { type: files, path: '${pages}', every: 300ms, compare: 300ms, freshness: { error: 4s } }
`
  await deployment.configure(knowledge)
  // Who answers reaches Elasticsearch all the time.
  await using elsewhere = await openTempDir()
  const direct = `ledger: { postgres: '${databaseUrl}' }
lexical: { elasticsearch: { url: '${elasticsearchUrl}', prefix: ${prefix} } }`
  await writeFile(join(elsewhere.path, 'aquifer.yaml'), `version: 1\n${direct}\n${knowledge}`)
  const check = (): ReturnType<typeof runProgram> => runProgram(['status', '--check'], { dir: elsewhere.path })

  const watch = startProgram(['sync', '--watch'], { dir: deployment.dir })
  const ended = endOf(watch)
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => {
    watch.kill('SIGCONT')
    watch.kill('SIGINT')
    await ended
  })
  await until(async () => (await deployment.json<Status>('status')).sources[0]?.records === 1)
  await using server = await startServe(elsewhere.path)
  const readyz = async (): Promise<unknown> => {
    const response = await server.get('/readyz')
    return { status: response.status, ...((await response.json()) as object) }
  }
  const green = { status: 200, ok: true, checks: [...well, { name: 'progress', ok: true }] }
  const red = (reason: string): object => ({
    status: 503,
    ok: false,
    checks: [...well, { name: 'progress', ok: false, reason }],
  })
  await expect.poll(readyz, { timeout: 20_000 }).toEqual(green)
  expect(await check()).toMatchObject({ code: 0, stderr: '' })

  way.cut()
  await writeFile(join(pages, 'two.md'), 'second words')
  await expect.poll(readyz, { timeout: 40_000 }).toEqual(red('the word index stands still behind 1 source'))
  expect(server.stderr()).toContain('no progress: stuck pages')
  const stuck = await check()
  expect(stuck.code).toBe(69)
  expect(stuck.stderr).toMatch(
    /^PROGRESS_STOPPED: pages is behind in the word index, which has not moved for 2\d s\.\n/,
  )
  way.restore()
  await expect.poll(readyz, { timeout: 40_000 }).toEqual(green)

  watch.kill('SIGSTOP')
  await expect.poll(readyz, { timeout: 40_000 }).toEqual(red('1 source older than promised'))
  const stale = await check()
  expect(stale.code).toBe(69)
  expect(stale.stderr).toMatch(/^PROGRESS_STOPPED: pages is older than it promises: last in step \d+ s ago\.\n/)
  watch.kill('SIGCONT')
  await expect.poll(readyz, { timeout: 40_000 }).toEqual(green)
  expect(await check()).toMatchObject({ code: 0 })
})
