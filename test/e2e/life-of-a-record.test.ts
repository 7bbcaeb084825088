import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RecordView, SearchAnswer, Status } from '../../schemas/search.ts'
import { openDeployment, type Deployment } from '../kit/deployment.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'

const shop = `
  create table product (id int primary key, name text not null, description text, price numeric(8,2), teams text[]);
  insert into product values
    (1, 'Trail lamp', 'A head lamp for night runs, rechargeable, 400 lumen.', 49.90, null),
    (2, 'Rain cape', 'Keeps a cyclist dry in heavy rain.', 79.00, null),
    (3, 'Supplier terms', 'We pay the lamp supplier after sixty days.', null, '{buyers}');`

const config = (url: string, title = '{name}'): string => `
connections: { shop: { type: postgres, url: '${url}' } }
sources:
  products:
    connection: shop
    table: public.product
    title: '${title}'
    text: '{description} It costs {price} euro.'
    url: 'https://shop.example/products/{id}'
    fields: [price]
    acl: { groups: '{teams}' }
  guide:
    type: files
    path: ./guide
    acl: { public: true }
`

async function idsOf(deployment: Deployment, ...args: string[]): Promise<string[]> {
  return (await deployment.json<SearchAnswer>('search', ...args)).hits.map(({ id }) => id)
}

test.each(['embedded', 'standard'] as const)(
  'a row and a page are found, follow their source, and go when it does (%s)',
  async (kind) => {
    await using database = await openSourceDatabase(shop)
    await using deployment = await openDeployment(kind)
    const guide = join(deployment.dir, 'guide')
    await mkdir(guide)
    await writeFile(join(guide, 'care.md'), '# Care\n\nWash the cape by hand.\n')
    await writeFile(join(guide, 'returns.md'), '# Returns\n\nSend it back within thirty days.\n')
    await deployment.configure(config(database.url))

    const first = await deployment.json<{ sources: object[] }>('sync')
    expect(first.sources).toMatchObject([
      { name: 'products', read: 3, written: 3, deleted: 0, error: null },
      { name: 'guide', read: 2, written: 2, deleted: 0, error: null },
    ])
    const lamp = await deployment.json<SearchAnswer>('search', 'light for running in the dark', '--limit', '1')
    expect(lamp.hits[0]).toMatchObject({
      id: 'products:1',
      title: 'Trail lamp',
      url: 'https://shop.example/products/1',
      text: 'A head lamp for night runs, rechargeable, 400 lumen. It costs 49.90 euro.',
      fields: { price: '49.90' },
    })
    expect(lamp.hits[0]?.lag_ms).toBeLessThan(120_000)
    expect(await idsOf(deployment, 'thirty days', '--source', 'guide', '--limit', '1')).toEqual(['guide:returns.md'])
    expect(await idsOf(deployment, 'cape', '--filter', 'price=79.00')).toEqual(['products:2'])

    await database.run(
      `update product set description = 'A bicycle bell made of brass.' where id = 1; delete from product where id = 2`,
    )
    await rename(join(guide, 'returns.md'), join(guide, 'sending-back.md'))
    await rm(join(guide, 'care.md'))
    const second = await deployment.json<{ sources: object[] }>('sync')
    expect(second.sources).toMatchObject([
      { name: 'products', written: 1, deleted: 1 },
      { name: 'guide', written: 1, deleted: 2 },
    ])
    expect(await idsOf(deployment, 'brass bell', '--limit', '1')).toEqual(['products:1'])
    expect(await idsOf(deployment, 'cape rain cyclist')).not.toContain('products:2')
    expect((await idsOf(deployment, 'days', '--source', 'guide')).toSorted()).toEqual(['guide:sending-back.md'])
    expect(await deployment.run('--json', 'fetch', 'products:2')).toMatchObject({
      code: 66,
      stdout: expect.stringContaining('RECORD_NOT_FOUND'),
    })
    expect(await deployment.json<RecordView>('fetch', 'products:1')).toMatchObject({
      text: 'A bicycle bell made of brass. It costs 49.90 euro.',
    })

    const status = await deployment.json<Status>('status')
    expect(status.sources).toMatchObject([
      { name: 'products', type: 'postgres', state: 'idle', records: 2, chunks: 2, dead_letters: 0, last_error: null },
      { name: 'guide', type: 'files', state: 'idle', records: 1, chunks: 1 },
    ])
    expect(status.sources[0]?.position).toBe(status.sources[0]?.ledger_position)
    expect(status.stores.map(({ chunks, behind }) => ({ chunks, behind }))).toEqual(
      status.stores.map(() => ({ chunks: 3, behind: 0 })),
    )
    expect(status.stores).toHaveLength(kind === 'standard' ? 2 : 1)
  },
)

test.each(['standard'] as const)(
  'a changed template is noticed, said with its cost, and rebuilt on demand; so is a source that is gone (%s)',
  async (kind) => {
    await using database = await openSourceDatabase(shop)
    await using deployment = await openDeployment(kind)
    await mkdir(join(deployment.dir, 'guide'))
    await deployment.configure(config(database.url))
    await deployment.json('sync')
    await deployment.configure(config(database.url, 'Product {name}'))
    const refused = await deployment.run('sync')
    expect(refused.code).toBe(78)
    expect(refused.stderr).toContain(
      'CONFIG_NEEDS_REBUILD: The mapping of products changed: 3 records would be read and mapped again.',
    )
    await deployment.json('sync', '--full')
    expect(await deployment.json<RecordView>('fetch', 'products:1')).toMatchObject({ title: 'Product Trail lamp' })

    await deployment.configure(config(database.url, 'Product {name}') + 'chunking: { maxTokens: 100 }\n')
    expect((await deployment.run('sync')).stderr).toContain('The chunker (')
    await deployment.json('sync', '--full')
    expect(await idsOf(deployment, 'night runs', '--limit', '1')).toEqual(['products:1'])

    await deployment.configure('chunking: { maxTokens: 100 }\n')
    expect((await deployment.run('sync')).stderr).toContain(
      'products is no longer configured: its 3 records would be removed',
    )
    expect((await deployment.run('sync', '--full')).stderr).toContain('CONFIG_NEEDS_REBUILD')
    const unasked = await deployment.run('apply')
    expect(unasked).toMatchObject({ code: 64, stderr: expect.stringContaining('Removal of products: 3 records') })
    expect(unasked.stderr).toContain('CONFIRMATION_NEEDED')
    await deployment.json('apply', '--yes')
    expect(await idsOf(deployment, 'lamp')).toEqual([])
    expect(await deployment.json<Status>('status')).toMatchObject({
      sources: [],
      stores: Array.from({ length: kind === 'standard' ? 2 : 1 }, () => ({ chunks: 0, behind: 0 })),
    })
  },
)

test.each(['embedded', 'standard'] as const)(
  'a backup brings everything back into an empty ledger (%s)',
  async (kind) => {
    await using database = await openSourceDatabase(shop)
    await using from = await openDeployment(kind)
    await mkdir(join(from.dir, 'guide'))
    await from.configure(config(database.url))
    await from.json('sync')
    const file = join(from.dir, 'all.aquifer')
    expect(await from.json('backup', file)).toMatchObject({ records: 3 })

    await using to = await openDeployment(kind)
    await mkdir(join(to.dir, 'guide'))
    await to.configure(config(database.url))
    expect(await to.json('restore', file)).toMatchObject({ records: 3 })
    expect(await to.json<{ sources: object[] }>('sync')).toMatchObject({
      sources: [{ name: 'products', written: 0 }, { name: 'guide' }],
    })
    expect(await idsOf(to, 'night runs', '--limit', '1')).toEqual(['products:1'])
    expect((await to.run('restore', file)).stderr).toContain('RESTORE_NOT_EMPTY')
    const bytes = await readFile(file)
    await writeFile(file, bytes.subarray(0, bytes.length - 40))
    await using other = await openDeployment(kind)
    await other.configure('sources: {}\n')
    expect((await other.run('restore', file)).stderr).toContain('BACKUP_INVALID')
  },
)
