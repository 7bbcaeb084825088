import { expect, test } from 'vitest'
import { parse } from 'yaml'
import mongodb from '../../indexers/mongodb/index.ts'
import { openMongodbDatabase } from '../kit/mongodb-source.ts'

test('a draft lists the collections that hold texts, without what is likely personal', async () => {
  await using database = await openMongodbDatabase('empty', 'Blog.Posts', 'counters')
  await database.collection('counters').insertOne({ _id: 'a', n: 1 })
  await database.collection('Blog.Posts').insertMany([
    { _id: 1, title: 'One', body: 'a text that is long enough', status: 'open', email: 'a@example.com', tags: ['x'] },
    { _id: 2, title: 'Two', body: 'another text, also long enough', status: 'closed', live: true },
  ])
  const drafts = (await mongodb.draft?.({ url: database.url, operationTimeout: 5000 })) ?? []
  expect(drafts.map(({ name }) => name)).toEqual(['blog-posts'])
  expect(parse(drafts[0]?.yaml ?? '')).toEqual({
    collection: 'Blog.Posts',
    title: '{title}',
    text: '{body}',
    fields: ['status', 'live'],
  })
  expect(drafts[0]?.comment).toBe('judged by its first 50 documents; left out as likely personal data: email')
  const yaml = drafts[0]?.yaml ?? ''
  await using indexer = await database.open({ blog: { collection: String(parse(yaml)['collection']) } })
  expect(indexer).toBeDefined()
})
