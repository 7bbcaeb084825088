import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDeployment, type Deployment, type DeploymentKind } from './deployment.ts'
import { openSourceDatabase } from './postgres-source.ts'

const setup = `
  create table product (id int primary key, name text, description text, kind text, price numeric(8,2), teams text[]);
  insert into product values
    (1, 'Trail lamp', 'A head lamp for night runs, rechargeable.', 'light', 49.90, '{staff}'),
    (2, 'Camp lantern', 'A lantern that lights a whole tent.', 'light', 35.00, '{staff}'),
    (3, 'Rain cape', 'Keeps a cyclist dry in heavy rain.', 'clothes', 79.00, '{staff}'),
    (4, 'Lamp supplier terms', 'We pay the lamp supplier after sixty days.', 'contract', null, '{buyers}'),
    (5, 'Lamp margins', 'What we earn on every lamp.', 'contract', null, null);`

/** Sources of a folder for everybody and of a table whose rows say who may read them. */
export const librarySources = (databaseUrl: string): string => `
connections: { shop: { type: postgres, url: '${databaseUrl}' } }
sources:
  guide:
    type: files
    path: ./guide
    url: 'https://shop.example/guide/{path}'
    owner: docs@shop.example
    description: How to use and care for what we sell
    freshness: { warn: 1h }
    acl: { public: true }
  products:
    connection: shop
    table: public.product
    title: '{name}'
    text: '{description}'
    url: 'https://shop.example/products/{id}'
    fields: [kind, price]
    acl: { groups: '{teams}' }
`

export interface Library extends Deployment {
  /** Of the sources, for another aquifer.yaml. */
  readonly databaseUrl: string
}

/** A small shop's pages and products, indexed. */
export async function openLibrary(kind: DeploymentKind): Promise<Library> {
  await using opened = new AsyncDisposableStack()
  const database = opened.use(await openSourceDatabase(setup))
  const deployment = opened.use(await openDeployment(kind))
  const guide = join(deployment.dir, 'guide')
  await mkdir(guide)
  await writeFile(join(guide, 'lamps.md'), '# Lamps\n\nCharge a lamp before its first use.\n')
  await writeFile(join(guide, 'returns.md'), '# Returns\n\nSend a lamp back within thirty days.\n')
  for (let i = 1; i <= 9; i++) {
    await writeFile(
      join(guide, `tip-${String(i)}.md`),
      `# Tip ${String(i)}\n\nA lamp lasts longer if ${String(i)} is kept.\n`,
    )
  }
  await deployment.configure(librarySources(database.url))
  await deployment.json('sync')
  const stack = opened.move()
  return { ...deployment, databaseUrl: database.url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
