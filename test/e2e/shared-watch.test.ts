import type { ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SearchAnswer, Status } from '../../schemas/search.ts'
import { openDeployment, type Deployment } from '../kit/deployment.ts'
import { withClient } from '../kit/postgres-databases.ts'
import { endOf, startProgram } from '../kit/program.ts'
import { until } from '../kit/until.ts'

/** Process ids by source, of those that are being followed now. */
async function holders({ stores }: Deployment): Promise<Readonly<Record<string, number>>> {
  if (stores.kind === 'embedded') throw new Error('an embedded store has one process')
  const { rows } = await withClient(stores.databaseUrl, (client) =>
    client.query<{ name: string; pid: number }>(
      `select name, (holder->>'pid')::int as pid from aquifer.source where holder is not null and lease_until > now()`,
    ),
  )
  return Object.fromEntries(rows.map(({ name, pid }) => [name, pid]))
}

test('two processes share what is followed; what a killed one had goes on with the other, which takes turns', async () => {
  await using deployment = await openDeployment('standard')
  const write = async (folder: string, name: string, text: string): Promise<void> => {
    await mkdir(join(deployment.dir, folder), { recursive: true })
    await writeFile(join(deployment.dir, folder, name), text)
  }
  await write('tea', 'green.md', '# Green tea\n\nSteep it for two minutes.\n')
  await write('coffee', 'filter.md', '# Filter coffee\n\nSixty grams a litre.\n')
  await deployment.configure(
    `sync: { connections: 1 }\nsources:\n` +
      `  tea: { type: files, path: ./tea, every: 1s }\n  coffee: { type: files, path: ./coffee, every: 1s }\n`,
  )
  expect((await deployment.run('sync')).code).toBe(0)
  const start = (): ChildProcess => startProgram(['sync', '--watch'], { dir: deployment.dir })
  const watches = [start(), start()]
  const ended = watches.map(endOf)
  try {
    await until(async () => new Set(Object.values(await holders(deployment))).size === 2)
    expect(Object.keys(await holders(deployment)).toSorted()).toEqual(['coffee', 'tea'])
    const { tea } = await holders(deployment)
    const [doomed, other] = watches[0]?.pid === tea ? watches : watches.toReversed()
    doomed?.kill('SIGKILL')

    await write('tea', 'black.md', '# Black tea\n\nBoiling water for wombats.\n')
    await write('coffee', 'espresso.md', '# Espresso\n\nNine bar for numbats.\n')
    for (const [word, id] of [
      ['numbats', 'coffee:espresso.md'],
      ['wombats', 'tea:black.md'],
    ] as const) {
      await until(async () => {
        const { hits } = await deployment.json<SearchAnswer>('search', word, '--limit', '1')
        return hits[0]?.id === id
      }, 120_000)
    }
    expect(Object.values(await holders(deployment))).toEqual([other?.pid])

    other?.kill('SIGINT')
    expect((await Promise.all(ended)).map(({ code }) => code).toSorted()).toEqual([130, null])
    expect((await deployment.json<Status>('status')).sources).toMatchObject([
      { name: 'tea', records: 2 },
      { name: 'coffee', records: 2 },
    ])
  } finally {
    for (const watch of watches) watch.kill('SIGKILL')
  }
}, 240_000)
