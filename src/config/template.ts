import { stringify } from 'yaml'

import type { SourceDraft } from '../core/indexer.ts'

/** What a new configuration says beyond its comments. */
export interface Draft {
  readonly connection?: {
    readonly name: string
    readonly type: string
    readonly url: string | { readonly env: string }
  }
  readonly sources: readonly SourceDraft[]
}

/** The text of a new `aquifer.yaml`; `schema` is where editors find its JSON Schema, relative to the file. */
export function configTemplate({ connection, sources }: Draft, schema?: string): string {
  const parts = [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}\n`]),
    introduction,
    connection === undefined ? connectionsExample : connectionsText(connection),
    sourcesText(sources, connection?.name),
  ]
  return parts.join('')
}

/** Text between quotes where YAML needs them. */
export function yamlScalar(text: string): string {
  return stringify(text, { lineWidth: 0 }).trimEnd()
}

const introduction = `# What Aquifer reads, and who may see it.
# After editing: \`aquifer check\` validates this file and reaches everything it names, \`aquifer sync\` reads it.
version: 1

# Where knowledge is kept. Without this line: in the folder .aquifer beside this file, with nothing to install.
# ledger: { postgres: { env: DATABASE_URL } }

# What finds words. Without this line: the ledger itself. \`none\` searches by meaning only.
# lexical: { elasticsearch: { url: { env: ELASTICSEARCH_URL } } }

# What finds meaning. Without this line: a small model that runs here, offline.
# embedding: { provider: openai, model: text-embedding-3-small, apiKey: { env: OPENAI_API_KEY } }

# Who may read a source that names nobody itself. Without this line: administrators only, such as you on this machine.
# access: { default: { groups: [staff] } }

`

const connectionsExample = `# How to reach a database. Secrets stand elsewhere: { env: NAME } or { file: PATH }.
# connections: { shop: { type: postgres, url: { env: SHOP_URL } } }

`

function connectionsText({ name, type, url }: NonNullable<Draft['connection']>): string {
  const address = typeof url === 'string' ? yamlScalar(url) : `{ env: ${url.env} }`
  return `# How to reach a database. Secrets stand elsewhere: { env: NAME } or { file: PATH }.
connections:
  ${name}:
    type: ${type}
    url: ${address}

`
}

function sourcesText(sources: readonly SourceDraft[], connection: string | undefined): string {
  if (sources.length === 0) return 'sources: {}\n'
  const bodies = sources.map(({ name, comment, yaml }) => {
    const link = connection === undefined ? '' : `    connection: ${connection}\n`
    return `${indent(commented(comment), 2)}  ${yamlScalar(name)}:\n${link}${indent(yaml, 4)}`
  })
  return `# What is read. Per source also: title, text, url, fields, acl, language, owner, freshness, every.\nsources:\n${bodies.join('\n')}`
}

function commented(comment = ''): string {
  return comment === '' ? '' : comment.replaceAll(/^/gm, '# ')
}

function indent(text: string, width: number): string {
  const lines = text.trimEnd()
  return lines === '' ? '' : `${lines.replaceAll(/^(?=.)/gm, ' '.repeat(width))}\n`
}
