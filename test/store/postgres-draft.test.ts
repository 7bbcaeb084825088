import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { Json } from '../../schemas/record.ts'
import { sourceCommon } from '../../schemas/config.ts'
import postgres from '../../indexers/postgres/index.ts'
import type { SourceDraft } from '../../src/core/indexer.ts'
import { connectionTo, openSourceDatabase } from '../kit/postgres-source.ts'

const setup = `create schema app; create type status as enum ('open', 'closed');
  create table app.article (id bigint primary key, "Headline" text not null, body text, status status, is_live boolean, day date,
    author_id int, updated_at timestamptz not null default now(), kind text);
  comment on table app.article is 'What our  editors wrote: it''s theirs';
  create index on app.article (updated_at);
  create table app.customer (id int primary key, name text, email text, phone_number text, birth_date date, "passwordHash" text,
    notes text, vip boolean);
  create table app.author (id int primary key, first_name text, last_name text);
  alter table app.article add foreign key (author_id) references app.author;
  create table app.article_tag (article_id bigint references app.article, tag_id int, primary key (article_id, tag_id));
  create table public.article (id int primary key, title text);
  create table "Odd.Schema" (id int); create table no_key (title text, body text);
  create table log (id int, day date, message text, primary key (id, day)) partition by range (day);
  create table log_1 partition of log for values from ('2024-01-01') to ('2025-01-01');
  insert into app.article (id, "Headline", body, kind) select n, 'h' || n, repeat('long text ', 20), 'kind ' || n % 3 from generate_series(1, 100) n;
  analyze`

async function draft(url: string): Promise<Record<string, SourceDraft>> {
  const drafts = (await postgres.draft?.(connectionTo(url))) ?? []
  return Object.fromEntries(drafts.map((one) => [one.name, one]))
}

test('a draft names title, text, fields and cursor of each table with words in it', async () => {
  await using database = await openSourceDatabase(setup)
  const drafts = await draft(database.url)
  expect(Object.keys(drafts).toSorted()).toEqual(['app_article', 'author', 'customer', 'log', 'public_article'])
  expect(parse(drafts['app_article']?.yaml ?? '')).toEqual({
    table: 'app.article',
    description: "What our editors wrote: it's theirs",
    title: '{Headline}',
    text: '{body}',
    fields: ['status', 'is_live', 'day', 'kind'],
    cursor: 'updated_at',
  })
  expect(drafts['app_article']?.yaml).toContain('# author_id refers to app.author; a query can join it in')
  expect(drafts['app_article']?.comment).toBe('about 100 rows')
  expect(parse(drafts['author']?.yaml ?? '')).toMatchObject({ title: '{first_name} {last_name}' })
})

test('likely personal data is left out and named', async () => {
  await using database = await openSourceDatabase(setup)
  const { customer } = await draft(database.url)
  expect(parse(customer?.yaml ?? '')).toEqual({
    table: 'app.customer',
    title: '{name}',
    text: '{notes}',
    fields: ['vip'],
  })
  expect(customer?.comment).toBe(
    'about 0 rows; left out as likely personal data: email, phone_number, birth_date, passwordHash',
  )
})

test('every draft can be opened as it is', async () => {
  await using database = await openSourceDatabase(setup)
  for (const { yaml } of Object.values(await draft(database.url))) {
    const entries = Object.entries(Json.parse(parse(yaml)) as Record<string, Json>)
    const own = Object.fromEntries(entries.filter(([key]) => !(key in sourceCommon)))
    await using indexer = await database.open({ source: own })
    expect(indexer).toBeDefined()
  }
})
