import type { SourceDraft } from '../../src/core/indexer.ts'
import type { MongodbConnection } from './config.ts'
import { connect, databaseOf, waitMsOf } from './connect.ts'
import { exactly } from './document.ts'
import { chooseFields } from './draft-fields.ts'
import type { FieldChoice } from './draft-fields.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import { toObject } from './to-json.ts'
import { closeQuietly, within } from './within.ts'

/** So many documents of a collection are looked at for what is in it. */
const sampled = 50

/** A source for every collection in which a document has a text. */
export async function draftSources(connection: MongodbConnection): Promise<readonly SourceDraft[]> {
  const name = databaseOf(connection)
  const place = { subject: 'The database', what: name ?? 'its collections' }
  if (name === undefined) {
    throw invalidSource(place, 'the URL names none', {
      fix: 'Write its name behind the host: mongodb://HOST:27017/DATABASE.',
    })
  }
  const limits = { signal: new AbortController().signal, waitMs: waitMsOf(connection) }
  const client = await connect(connection, place, limits.signal)
  try {
    const database = client.db(name)
    const collections = await within(() => database.listCollections({}, { nameOnly: true }).toArray(), place, limits)
    const drafts: SourceDraft[] = []
    for (const { name: collection, type } of collections.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if ((type !== undefined && type !== 'collection') || collection.startsWith('system.')) continue
      const find = database.collection(collection).find({}, { ...exactly, enableUtf8Validation: false, limit: sampled })
      const documents = await within(() => find.toArray(), place, limits)
      const choice = chooseFields(documents.map(toObject))
      if (choice === undefined) continue
      drafts.push({ name: nameOf(collection), comment: commentOf(choice), yaml: yamlOf(collection, choice) })
    }
    return drafts
  } finally {
    await closeQuietly(() => client.close())
  }
}

function nameOf(collection: string): string {
  return collection.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-')
}

function commentOf({ personal }: FieldChoice): string {
  const size = `judged by its first ${sampled} documents`
  return personal.length === 0 ? size : `${size}; left out as likely personal data: ${personal.join(', ')}`
}

function yamlOf(collection: string, { title, text, fields }: FieldChoice): string {
  const lines = [
    `collection: ${quote(collection)}`,
    '# description: what an agent finds here',
    `title: '{${title}}'`,
    ...(text.length === 1 ? [`text: '{${text[0] ?? ''}}'`] : ['text: |-', ...text.map((name) => `  {${name}}`)]),
    ...(fields.length === 0 ? [] : [`fields: [${fields.map(quote).join(', ')}]`]),
    '# acl: { public: true }   # or { groups: [support] }; without it only administrators find this',
  ]
  return `${lines.join('\n')}\n`
}

/** A YAML scalar: plain where it is safely a word, else in single quotes. */
function quote(text: string): string {
  const isPlain = /^[a-z_][a-z0-9_.]*$/i.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`
}
