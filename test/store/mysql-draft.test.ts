import { expect, test } from 'vitest'
import { parse } from 'yaml'
import mysql from '../../indexers/mysql/index.ts'
import { MysqlConnection } from '../../indexers/mysql/config.ts'
import { sourceCommon } from '../../schemas/config.ts'
import { Json } from '../../schemas/record.ts'
import type { SourceDraft } from '../../src/core/indexer.ts'
import { openMysqlDatabase } from '../kit/mysql-source.ts'

const setup = `create table author (id int primary key, first_name varchar(40), last_name varchar(40));
  create table article (id bigint unsigned primary key, headline varchar(80) not null, body text, extra json,
    status enum('open', 'closed'), is_live boolean, day date, author_id int, updated_at timestamp,
    foreign key (author_id) references author (id)) comment 'What our  editors wrote: it''s theirs';
  create table customer (id int primary key, name varchar(80), email varchar(80), phone_number varchar(20),
    birth_date date, notes text, vip boolean);
  create table article_tag (article_id bigint, tag_id int, primary key (article_id, tag_id));
  create table \`odd.name\` (id int primary key, title varchar(40));
  create table no_key (title varchar(40), body text);
  create table inexact (ratio double primary key, body text);
  create view shown as select * from article`

async function draft(url: string): Promise<Record<string, SourceDraft>> {
  const drafts = (await mysql.draft?.(connectionTo(url))) ?? []
  return Object.fromEntries(drafts.map((one) => [one.name, one]))
}

const connectionTo = (url: string): MysqlConnection => ({ ...MysqlConnection.parse({ url: { env: 'URL' } }), url })

test('a draft names title, text and fields of each table with words in it and a key that the log tells', async () => {
  await using database = await openMysqlDatabase(setup)
  const drafts = await draft(database.url)
  expect(Object.keys(drafts).toSorted()).toEqual(['article', 'author', 'customer', 'odd-name'])
  const schema = new URL(database.url).pathname.slice(1)
  expect(parse(drafts['article']?.yaml ?? '')).toEqual({
    table: `${schema}.article`,
    description: "What our editors wrote: it's theirs",
    title: '{headline}',
    text: '{body}',
    fields: ['status', 'is_live', 'day'],
  })
  expect(parse(drafts['author']?.yaml ?? '')).toMatchObject({ title: '{first_name} {last_name}' })
  expect(parse(drafts['odd-name']?.yaml ?? '')).toMatchObject({ table: `${schema}.\`odd.name\`` })
})

test('likely personal data is left out and named', async () => {
  await using database = await openMysqlDatabase(setup)
  const { customer } = await draft(database.url)
  expect(parse(customer?.yaml ?? '')).toMatchObject({ title: '{name}', text: '{notes}', fields: ['vip'] })
  expect(customer?.comment).toContain('left out as likely personal data: email, phone_number, birth_date')
})

test('every draft can be opened as it is', async () => {
  await using database = await openMysqlDatabase(setup)
  for (const { yaml } of Object.values(await draft(database.url))) {
    const entries = Object.entries(Json.parse(parse(yaml)) as Record<string, Json>)
    const own = Object.fromEntries(entries.filter(([key]) => !(key in sourceCommon)))
    await using indexer = await database.open({ source: own })
    expect(indexer).toBeDefined()
  }
})
