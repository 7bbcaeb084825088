import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openChangingSource, type ChangingSource } from '../kit/changing-source.ts'
import { openDeployment, type Deployment, type DeploymentKind } from '../kit/deployment.ts'
import { findDifferences, readContent } from '../kit/find-differences.ts'
import { killSync, untilCounted, type Moment } from '../kit/killed-sync.ts'
import { openOpenAiDouble, type OpenAiDouble } from '../kit/openai-double.ts'
import { endOf, startProgram } from '../kit/program.ts'
import { createRandom } from '../kit/random.ts'

const dimensions = 32

/** A deployment with a source that is read for the first time by the test. */
interface Scene extends AsyncDisposable {
  readonly deployment: Deployment
  readonly source: ChangingSource
  readonly double: OpenAiDouble
}

type Size = Pick<Parameters<typeof openChangingSource>[0], 'seed' | 'rows' | 'files' | 'peps' | 'sakila'>

async function openScene(kind: DeploymentKind, size: Size): Promise<Scene> {
  await using opened = new AsyncDisposableStack()
  const double = opened.use(await openOpenAiDouble({ dimensions }))
  const deployment = opened.use(await openDeployment(kind))
  const source = opened.use(await openChangingSource({ folder: join(deployment.dir, 'pages'), ...size }))
  await deployment.configure(configOf(source, double))
  const stack = opened.move()
  return { deployment, source, double, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

function configOf(source: ChangingSource, { baseUrl }: OpenAiDouble, more = ''): string {
  const embedding = `{ provider: openai, model: m, baseUrl: '${baseUrl}', dimensions: ${String(dimensions)} }`
  return `embedding: ${embedding}\n${more}\n${source.yaml}`
}

/** What only the pipeline sees to is shown on one of them: each start of the embedded one takes a second. */
const stands = [
  { kind: 'embedded', seed: 20_261, moments: ['request', 'commit', 'commit', 'time'] },
  { kind: 'standard', seed: 20_262, moments: ['request', 'commit', 'projection', 'time'] },
] as const
const [, standard] = stands

test.each(stands)(
  'a sync killed ten times, while the source changes, ends as one that was left alone ($kind)',
  async ({ kind, seed, moments }) => {
    await using scene = await openScene(kind, { seed, rows: 500, files: 200, peps: 20, sakila: true })
    const { deployment, source, double } = scene
    const random = createRandom(seed)
    const killed: Moment[] = []
    for (let attempt = 0; killed.length < 10 && attempt < 20; attempt++) {
      const moment = moments[attempt % moments.length] ?? 'time'
      if (await killSync(deployment, double, moment, random)) killed.push(moment)
      await source.change()
    }
    expect(killed).toHaveLength(10)
    const last = await deployment.json<{ sources: { error: unknown }[] }>('sync')
    expect(last.sources.map(({ error }) => error)).toEqual(last.sources.map(() => null))
    expect(await findDifferences(deployment, source)).toEqual([])
    const again = await deployment.json<{ sources: object[] }>('sync')
    expect(again.sources).toMatchObject(last.sources.map(() => ({ written: 0, deleted: 0, rejected: 0 })))
  },
  600_000,
)

test.each([standard])(
  'Ctrl-C in mid-sync is answered at once, and nothing that was committed is embedded again ($kind)',
  async ({ kind, seed }) => {
    await using scene = await openScene(kind, { seed: seed + 1, rows: 500, files: 200, peps: 0, sakila: true })
    const { deployment, source, double } = scene
    const child = startProgram(['sync'], { dir: deployment.dir })
    const ended = endOf(child)
    await untilCounted(deployment.stores, child, ({ committed }) => committed > 150)
    const pressedMs = Date.now()
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('Stopped. The next run goes on where this one was.')
    expect(Date.now() - pressedMs).toBeLessThan(5000)

    const committed = new Set(
      (await readContent(deployment.stores)).records.flatMap(({ chunks }) =>
        chunks.map(({ header, text }) => (header === '' ? text : `${header}\n${text}`)),
      ),
    )
    expect(committed.size).toBeGreaterThan(100)
    const before = double.calls.length
    await deployment.json('sync')
    const later = double.calls.slice(before).flatMap(({ inputs }) => inputs)
    expect(later.length).toBeGreaterThan(0)
    expect(later.filter((text) => committed.has(text))).toEqual([])
    expect(await findDifferences(deployment, source)).toEqual([])
  },
  600_000,
)

test.each([standard])(
  'a rebuild that is killed, and goes on after changes, ends as one that was left alone ($kind)',
  async ({ kind, seed }) => {
    await using scene = await openScene(kind, { seed: seed + 2, rows: 150, files: 300, peps: 0, sakila: false })
    const { deployment, source, double } = scene
    const random = createRandom(seed)
    await deployment.json('sync')
    const before = configOf(source, double)
    // Short enough that every page comes apart in another way.
    const changed = configOf(source, double, 'chunking: { maxTokens: 32 }')
    let killed = 0
    for (const moment of ['request', 'request', 'time', 'request'] as const) {
      await deployment.configure(changed)
      if (await killSync(deployment, double, moment, random, { flags: ['--full'], skip: random.int(0, 1) })) killed++
      if (moment === 'time') continue
      // The change is taken back, and made again.
      await deployment.configure(before)
      await source.change()
      const { code, stdout } = await deployment.run('--json', 'sync')
      // Unless the rebuild was over already.
      expect(code === 0 ? 'CONFIG_NEEDS_REBUILD' : stdout).toContain('CONFIG_NEEDS_REBUILD')
    }
    expect(killed).toBeGreaterThan(2)
    await deployment.configure(changed)
    expect(await deployment.run('sync', '--full')).toMatchObject({ code: 0 })
    expect(await findDifferences(deployment, source)).toEqual([])
  },
  600_000,
)
