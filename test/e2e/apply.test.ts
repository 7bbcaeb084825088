import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SearchAnswer } from '../../schemas/search.ts'
import { openDeployment, type Deployment } from '../kit/deployment.ts'
import { openOpenAiDouble } from '../kit/openai-double.ts'
import { endOf, startProgram } from '../kit/program.ts'

const paragraphs = (name: string): string =>
  Array.from({ length: 8 }, (_, at) => `Step ${String(at)} of ${name}: ${'stir it slowly and wait. '.repeat(5)}`).join(
    '\n\n',
  )

async function writeNotes({ dir }: Deployment, count: number): Promise<void> {
  await mkdir(join(dir, 'notes'), { recursive: true })
  for (let at = 0; at < count; at++)
    await writeFile(
      join(dir, 'notes', `n${String(at)}.md`),
      `# Note ${String(at)}\n\n${paragraphs(`tea ${String(at)}`)}\n`,
    )
}

const sources = 'sources: { notes: { type: files, path: ./notes, acl: { public: true } } }\n'

async function idsOf(deployment: Deployment, query: string): Promise<string[]> {
  return (await deployment.json<SearchAnswer>('search', query, '--limit', '50')).hits.map(({ id }) => id)
}

interface PlanJson {
  readonly pending: boolean
  readonly build: {
    readonly passages: number
    readonly reused: number
    readonly tokens: number
    readonly begins: string
  } | null
}

test.each(['embedded'] as const)(
  'a change is planned, asked for, applied, undone, and its leftovers dropped (%s)',
  async (kind) => {
    await using deployment = await openDeployment(kind)
    await writeNotes(deployment, 3)
    await deployment.configure(sources)
    expect((await deployment.run('plan')).stdout).toContain('Nothing has been indexed yet')
    await deployment.json('sync')
    expect(await deployment.run('plan', '--check')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('there is nothing to apply'),
    })
    expect(await deployment.run('apply')).toMatchObject({ code: 0 })

    await deployment.configure(`chunking: { maxTokens: 60 }\n${sources}`)
    const plan = await deployment.run('plan', '--check')
    expect(plan.code).toBe(2)
    expect(plan.stdout).toMatch(/Changed: the chunker \(structure-1 maxTokens=250 → structure-1 maxTokens=60\)/)
    expect(plan.stdout).toMatch(/Money +none/)
    expect(plan.stdout).toContain('Generation 1 is kept until the next apply')
    expect((await deployment.run('plan')).code).toBe(0)
    expect(await deployment.run('sync')).toMatchObject({ code: 78, stderr: expect.stringContaining('aquifer plan') })
    expect(await deployment.run('apply')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('CONFIRMATION_NEEDED'),
    })
    expect(await deployment.json('generations')).toMatchObject({ generations: [{ id: 1, state: 'active' }] })
    expect(await deployment.json('apply', '--yes')).toMatchObject({ generation: 2, errors: [] })
    expect(await deployment.json('plan')).toMatchObject({ pending: false, build: null })

    await rm(join(deployment.dir, 'notes', 'n0.md'))
    await writeFile(join(deployment.dir, 'notes', 'n1.md'), '# Cocoa\n\nSomething else by now.\n')
    await deployment.json('sync')
    expect(await deployment.json('rollback')).toMatchObject({ generation: 1 })
    expect((await idsOf(deployment, 'tea')).toSorted()).not.toContain('notes:n0.md')
    expect((await idsOf(deployment, 'something else by now'))[0]).toBe('notes:n1.md')
    expect(await deployment.run('sync')).toMatchObject({ code: 78 })
    expect((await deployment.json<PlanJson>('plan')).build).toMatchObject({ begins: 'kept', tokens: 0 })
    await deployment.configure(sources)
    expect(await deployment.run('sync')).toMatchObject({ code: 0 })
    expect(await deployment.run('verify')).toMatchObject({ code: 0 })

    expect(await deployment.json('generations')).toMatchObject({
      generations: [
        { id: 1, state: 'active' },
        { id: 2, state: 'kept' },
      ],
    })
    expect(await deployment.run('generations', 'drop', '1', '--yes')).toMatchObject({ code: 64 })
    expect(await deployment.run('generations', 'drop', '2')).toMatchObject({ code: 64 })
    expect(await deployment.json('generations', 'drop', '2', '--yes')).toEqual({ dropped: 2 })
    expect(await deployment.run('rollback')).toMatchObject({
      code: 66,
      stderr: expect.stringContaining('GENERATION_NONE'),
    })
  },
  300_000,
)

test.each(['standard'] as const)(
  'apply that is killed while it embeds goes on from there; rollback embeds what changed with the model of before (%s)',
  async (kind) => {
    await using double = await openOpenAiDouble({ dimensions: 16 })
    await using deployment = await openDeployment(kind)
    const configOf = (model: string): string =>
      `embedding: { provider: openai, model: ${model}, baseUrl: '${double.baseUrl}', dimensions: 16, pricePerMillionTokens: 2 }\n${sources}`
    await writeNotes(deployment, 250)
    await deployment.configure(configOf('first'))
    await deployment.json('sync')
    await deployment.configure(configOf('second'))
    const { build } = await deployment.json<PlanJson>('plan')
    expect(build).toMatchObject({ begins: 'new', reused: 0 })

    const child = startProgram(['apply', '--yes'], { dir: deployment.dir })
    const ended = endOf(child)
    let requests = 0
    const before = double.calls.length
    const hold = (): void =>
      double.next(() => {
        // The first page is written by the time that texts of the second are asked for.
        if (double.calls.slice(before).flatMap(({ inputs }) => inputs).length > (build?.passages ?? 0) * 0.9)
          child.kill('SIGKILL')
        else if (++requests < 1000) hold()
        return undefined
      })
    hold()
    expect((await ended).code).toBeNull()
    const paid = double.calls.slice(before).flatMap(({ inputs }) => inputs)
    expect(await deployment.json('generations')).toMatchObject({
      generations: [
        { id: 1, state: 'active' },
        { id: 2, state: 'building' },
      ],
    })
    const resumed = double.calls.length
    expect(await deployment.json('apply', '--yes')).toMatchObject({ generation: 2 })
    const again = double.calls.slice(resumed).flatMap(({ inputs }) => inputs)
    expect(again.length).toBeLessThan(paid.length)
    expect(await deployment.run('verify')).toMatchObject({ code: 0 })

    await writeFile(join(deployment.dir, 'notes', 'n1.md'), '# Cocoa\n\nSomething else by now.\n')
    await deployment.json('sync')
    const late = double.calls.length
    await deployment.json('rollback')
    expect(double.calls.slice(late)).toMatchObject([{ body: { model: 'first' } }])
    await deployment.configure(configOf('first'))
    expect(await deployment.run('verify')).toMatchObject({ code: 0 })
  },
  300_000,
)

test.each(['standard'] as const)(
  'a template that changes is read beside what answers, by an apply that is killed and run again; rollback brings the old one back (%s)',
  async (kind) => {
    await using double = await openOpenAiDouble({ dimensions: 16 })
    await using deployment = await openDeployment(kind)
    const configOf = (template: string): string =>
      `embedding: { provider: openai, model: first, baseUrl: '${double.baseUrl}', dimensions: 16, pricePerMillionTokens: 2 }\n` +
      `sources: { notes: { type: files, path: ./notes, acl: { public: true }${template} } }\n`
    const titlesOf = async (): Promise<readonly string[]> => {
      const { hits } = await deployment.json<SearchAnswer>('search', 'tea', '--limit', '50')
      return [...new Set(hits.map(({ title }) => title.replace(/\d+/, 'N')))]
    }
    await writeNotes(deployment, 60)
    await deployment.configure(configOf(''))
    await deployment.json('sync')
    await deployment.configure(configOf(", title: 'Recipe {path}'"))
    const plan = await deployment.run('plan')
    expect(plan.stdout).toContain('Mapping of notes: 60 records, read and mapped again, beside what answers.')
    expect(plan.stdout).toContain('by a watch that runs or by apply itself')

    const child = startProgram(['apply', '--yes'], { dir: deployment.dir })
    const ended = endOf(child)
    double.next(() => {
      child.kill('SIGKILL')
      return undefined
    })
    expect((await ended).code).toBeNull()
    expect(await titlesOf()).toEqual(['Note N'])
    expect(await deployment.json('generations')).toMatchObject({ mappings: [{ source: 'notes', state: 'building' }] })
    await rm(join(deployment.dir, 'notes', 'n0.md'))
    expect(await deployment.json('apply', '--yes')).toMatchObject({ generation: null, mapped: [{ source: 'notes' }] })
    expect(await titlesOf()).toEqual(['Recipe nN.md'])

    await rm(join(deployment.dir, 'notes', 'n1.md'))
    expect(await deployment.json('rollback')).toMatchObject({
      generation: null,
      mappings: ['notes'],
      differs: ['the mapping of notes'],
    })
    expect(await titlesOf()).toEqual(['Note N'])
    await deployment.configure(configOf(''))
    expect(await deployment.run('verify')).toMatchObject({ code: 0 })
    expect(await deployment.json('generations', 'drop', 'notes', '--yes')).toEqual({ dropped: 'notes' })
  },
  300_000,
)
