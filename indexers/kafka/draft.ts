import type { SourceDraft } from '../../src/core/indexer.ts'
import { openClient } from './client.ts'
import type { KafkaConnection } from './config.ts'
import { listTopics, readKeeping } from './topic.ts'

/** A source for every topic that this user may see, but those that programs keep for themselves. */
export async function draftSources(connection: KafkaConnection): Promise<readonly SourceDraft[]> {
  await using kafka = await openClient(connection, new AbortController().signal)
  const place = { subject: 'The cluster', what: 'its topics' }
  const topics = (await listTopics(kafka, place)).filter((name) => !name.startsWith('_'))
  const drafts: SourceDraft[] = []
  for (const topic of topics) {
    const { expires } = await readKeeping(kafka, place, topic)
    const comment = expires ? 'keeps its messages for a time only' : 'compacted: keeps the last value of each key'
    drafts.push({ name: nameOf(topic, topics), comment, yaml: yamlOf(topic) })
  }
  return drafts
}

function nameOf(topic: string, topics: readonly string[]): string {
  const same = topics.filter((other) => fit(other) === fit(topic))
  return same.length === 1 ? fit(topic) : `${fit(topic)}-${same.indexOf(topic) + 1}`
}

function fit(topic: string): string {
  return topic.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-')
}

function yamlOf(topic: string): string {
  return `topic: '${topic}'
# format: debezium   # when its messages are changes as Debezium writes them
# description: what an agent finds here
# title: '{name}'
# text: '{description}'
# acl: { public: true }   # or { groups: [support] }; without it only administrators find this
`
}
