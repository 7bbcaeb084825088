import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { librarySources, openLibrary, type Library } from '../kit/library.ts'
import { callEveryTool, openInspector, openNewClient, openOldClient } from '../kit/mcp-clients.ts'
import { startServe } from '../kit/serve.ts'
import { isMissing } from '../kit/server-url.ts'
import { openTcpProxy, type TcpProxy } from '../kit/tcp-proxy.ts'

interface Added {
  readonly id: number
  readonly key: string
}
const Hits = z.object({ structuredContent: z.object({ hits: z.array(z.object({ id: z.string() })) }) })

describe.skipIf(isMissing('postgres') || isMissing('elasticsearch'))(
  'the program over Postgres and Elasticsearch',
  () => {
    let library: Library
    let proxies: { readonly postgres: TcpProxy; readonly elasticsearch: TcpProxy }
    beforeAll(async () => {
      library = await openLibrary('standard')
      const { stores } = library
      if (stores.kind !== 'standard') throw new Error('a standard deployment has other stores')
      proxies = {
        postgres: await openTcpProxy(stores.databaseUrl),
        elasticsearch: await openTcpProxy(stores.elasticsearchUrl),
      }
      const elsewhere = `ledger: { postgres: '${proxies.postgres.url}' }
lexical: { elasticsearch: { url: '${proxies.elasticsearch.url}', prefix: ${stores.prefix} } }`
      await writeFile(
        join(library.dir, 'aquifer.yaml'),
        `version: 1\n${elsewhere}\n${librarySources(library.databaseUrl)}`,
      )
    })
    afterAll(async () => {
      await proxies.postgres[Symbol.asyncDispose]()
      await proxies.elasticsearch[Symbol.asyncDispose]()
      await library[Symbol.asyncDispose]()
    })

    test('every client calls every tool; health, metrics and console answer', async () => {
      await using server = await startServe(library.dir)
      const opened = await Promise.all([
        openNewClient({ url: server.mcp }),
        openNewClient({ url: server.mcp }, 'old'),
        openOldClient({ url: server.mcp }),
        openInspector({ url: server.mcp }),
      ])
      await using clients = new AsyncDisposableStack()
      for (const client of opened) clients.use(client)
      for (const client of opened) {
        const { names, answers } = await callEveryTool(client, 'lamp for running in the dark')
        expect(names).toEqual(['search', 'fetch', 'search_knowledge', 'describe_sources'])
        expect(answers).toMatchObject({ fetch: { structuredContent: { url: 'https://shop.example/products/1' } } })
      }

      expect(await (await server.get('/healthz')).json()).toEqual({ ok: true })
      const ready = await server.get('/readyz')
      expect({ status: ready.status, body: await ready.json() }).toEqual({
        status: 200,
        body: {
          ok: true,
          checks: [
            { name: 'ledger', ok: true },
            { name: 'lexical', ok: true },
            { name: 'progress', ok: true },
          ],
        },
      })
      const metrics = await (await server.get('/metrics')).text()
      expect(metrics).toContain('aquifer_up 1\n')
      expect(metrics).toContain('aquifer_source_records{source="products"} 5\n')
      expect(metrics).toContain('aquifer_store_behind_records{store="elasticsearch"} 0\n')
      expect(metrics).toMatch(/mcp_server_operation_duration_seconds_count\{[^}]*gen_ai_tool_name="fetch"[^}]*\} 4\n/)
      const page = await (await server.get('/')).text()
      for (const text of ['guide', 'products', 'elasticsearch', server.mcp]) expect(page).toContain(text)
    })

    test('while a store is away it is not ready, says so, and answers with what is left', async () => {
      await using server = await startServe(library.dir)
      await using client = await openNewClient({ url: server.mcp })
      const search = () => client.callTool('search_knowledge', { query: 'lamp for running in the dark', limit: 1 })
      expect(await search()).toMatchObject({ structuredContent: { hits: [{ id: 'products:1' }], notices: [] } })

      proxies.elasticsearch.cut()
      const unready = await readiness(server.get, 503)
      expect(unready).toEqual({
        ok: false,
        checks: [
          { name: 'ledger', ok: true },
          { name: 'lexical', ok: false },
          { name: 'progress', ok: true },
        ],
      })
      expect(await search()).toMatchObject({
        structuredContent: {
          hits: [{ id: 'products:1' }],
          notices: [expect.stringMatching(/^Found by meaning only: Elasticsearch cannot be reached/)],
        },
      })
      proxies.elasticsearch.restore()
      await readiness(server.get, 200)

      proxies.postgres.cut()
      expect(await readiness(server.get, 503)).toMatchObject({
        ok: false,
        checks: [{ name: 'ledger', ok: false }, {}, {}],
      })
      expect((await server.get('/healthz')).status).toBe(200)
      expect(await (await server.get('/metrics')).text()).toContain('aquifer_up 0\n')
      expect(await search()).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('LEDGER_UNREACHABLE') }],
      })
      proxies.postgres.restore()
      await readiness(server.get, 200)
      expect(await search()).toMatchObject({ structuredContent: { hits: [{ id: 'products:1' }], notices: [] } })
    })

    test('beyond the loopback every call needs a key, whose groups decide what is seen, until it is revoked', async () => {
      await using server = await startServe(library.dir, '0.0.0.0')
      for (const path of ['/mcp', '/metrics', '/']) {
        const refused = await server.get(path)
        expect({ path, status: refused.status, asks: refused.headers.get('www-authenticate') }).toEqual({
          path,
          status: 401,
          asks: 'Bearer realm="aquifer"',
        })
      }
      expect((await server.get('/readyz')).status).toBe(200)
      expect((await server.get('/', 'aq_wrong')).status).toBe(401)

      const add = (name: string, ...flags: string[]) => library.json<Added>('keys', 'add', name, ...flags)
      const [staff, buyers, guest, admin] = await Promise.all([
        add('staff', '--group', 'staff'),
        add('buyers', '--group', 'buyers', '--group', 'other'),
        add('guest'),
        add('admin', '--admin'),
      ])
      const seenBy = async ({ key }: Added): Promise<object> => {
        await using client = await openOldClient({ url: server.mcp, key })
        const found = Hits.parse(await client.callTool('search_knowledge', { query: 'lamp', limit: 50 }))
        const margins = await client.callTool('fetch', { id: 'products:5' })
        return {
          products: found.structuredContent.hits
            .flatMap(({ id }) => (id.startsWith('products') ? [id] : []))
            .toSorted(),
          pages: found.structuredContent.hits.filter(({ id }) => id.startsWith('guide')).length,
          sources: (await client.callTool('describe_sources', {})).structuredContent?.['sources'],
          margins:
            margins.isError === true
              ? JSON.parse(margins.content[0]?.text ?? '').error.code
              : margins.structuredContent?.['title'],
        }
      }
      const guide = { name: 'guide', records: 11 }
      expect(await seenBy(staff)).toMatchObject({
        products: ['products:1', 'products:2', 'products:3'],
        pages: 11,
        sources: [guide, { name: 'products', records: 3 }],
        margins: 'RECORD_NOT_FOUND',
      })
      expect(await seenBy(buyers)).toMatchObject({
        products: ['products:4'],
        pages: 11,
        sources: [guide, { name: 'products', records: 1 }],
        margins: 'RECORD_NOT_FOUND',
      })
      const guests = { products: [], pages: 11, margins: 'RECORD_NOT_FOUND', sources: [guide] }
      expect(await seenBy(guest)).toMatchObject(guests)
      expect(await seenBy(admin)).toMatchObject({
        products: ['products:1', 'products:2', 'products:3', 'products:4', 'products:5'],
        margins: 'Lamp margins',
      })

      await library.json('keys', 'revoke', String(staff.id))
      const revoked = await server.get('/mcp', staff.key)
      expect({ status: revoked.status, asks: revoked.headers.get('www-authenticate') }).toEqual({
        status: 401,
        asks: 'Bearer realm="aquifer", error="invalid_token"',
      })
      expect((await server.get('/', admin.key)).status).toBe(200)
      const listed = await library.run('--json', 'keys', 'list')
      for (const { key } of [staff, buyers, guest, admin]) expect(listed.stdout + server.stderr()).not.toContain(key)
      expect(JSON.parse(listed.stdout)).toMatchObject({
        keys: [{ name: expect.any(String), created_at: expect.stringMatching(/Z$/) }, {}, {}, {}],
      })
    })
  },
)

/** What /readyz says once it has this status: its answers are kept for a second. */
async function readiness(get: (path: string) => Promise<Response>, status: number): Promise<unknown> {
  for (let tries = 0; ; tries++) {
    const response = await get('/readyz')
    const body: unknown = await response.json()
    if (response.status === status) return body
    if (tries > 40) throw new Error(`/readyz stays at ${String(response.status)}: ${JSON.stringify(body)}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
