import { expect, test } from 'vitest'
import type { SearchAnswer } from '../../schemas/search.ts'
import { openDeployment } from '../kit/deployment.ts'
import { openOpenAiDouble } from '../kit/openai-double.ts'
import { openSourceDatabase } from '../kit/postgres-source.ts'

const tables = `
  create table team (team_id int primary key, name text not null);
  create table paper (paper_id int primary key, title text, body text);
  create table paper_team (paper_id int references paper, team_id int references team, primary key (paper_id, team_id));
  insert into team values (1, 'buyers'), (2, 'sellers');
  insert into paper values (1, 'Terms', 'We pay the lamp supplier after sixty days.'), (2, 'Prices', 'A lamp costs forty euro.');
  insert into paper_team values (1, 1), (1, 2), (2, 2)`

test('a right that is taken back in a join table hides the record from that group, and embeds nothing', async () => {
  await using database = await openSourceDatabase(tables)
  await using double = await openOpenAiDouble({ dimensions: 32 })
  await using deployment = await openDeployment('standard')
  const configure = (group: string): Promise<void> =>
    deployment.configure(`
embedding: { provider: openai, model: m, baseUrl: '${double.baseUrl}', dimensions: 32 }
access: { local: { groups: [${group}] } }
connections: { db: { type: postgres, url: '${database.url}' } }
sources:
  papers:
    connection: db
    table: paper
    mode: stream
    with:
      teams: { table: team, through: paper_team, columns: [name] }
    title: '{title}'
    text: '{body}'
    fields: [teams.name]
    acl: { groups: '{teams.name}' }
`)
  const seenBy = async (group: string, ...more: string[]): Promise<readonly string[]> => {
    await configure(group)
    const { hits } = await deployment.json<SearchAnswer>('search', 'lamp', ...more)
    return hits.map(({ id }) => id).toSorted()
  }
  await configure('buyers')
  await deployment.json('sync')
  expect(await seenBy('buyers')).toEqual(['papers:1'])
  expect(await seenBy('sellers')).toEqual(['papers:1', 'papers:2'])
  expect(await seenBy('sellers', '--filter', 'teams.name=buyers')).toEqual(['papers:1'])
  const embedded = (): readonly string[] =>
    double.calls.flatMap(({ inputs }) => inputs).filter((text) => text !== 'lamp')
  const before = embedded().length

  await database.run('delete from paper_team where paper_id = 1 and team_id = 1; insert into paper_team values (2, 1)')
  const { sources } = await deployment.json<{ sources: readonly object[] }>('sync')
  expect(sources).toMatchObject([{ name: 'papers', written: 2, error: null }])
  expect(await seenBy('buyers')).toEqual(['papers:2'])
  expect(await seenBy('sellers')).toEqual(['papers:1', 'papers:2'])

  await database.run(`update team set name = 'merchants' where team_id = 2`)
  await deployment.json('sync')
  expect(await seenBy('sellers')).toEqual([])
  expect(await seenBy('merchants')).toEqual(['papers:1', 'papers:2'])
  expect(embedded().length).toBe(before)
})
