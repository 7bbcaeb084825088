import type { Client } from '@elastic/elasticsearch'

import { AquiferError } from '../../core/errors.ts'
import { ask, type ElasticsearchContext } from './context.ts'
import { generationAlias, generationOf, indexMapping, indexName, indexSettings, writeAlias } from './index-layout.ts'
import { describeFailure } from './map-error.ts'

export interface Indices {
  /** Makes a generation exist, with the index that every deployment needs. */
  prepare(generation: number): Promise<{ readonly made: boolean }>
  /** Makes the index of a language exist in a generation; LEXICAL_NOT_READY when the generation is not there (any more). */
  ensure(generation: number, language: string): Promise<void>
  /** Looks again next time: somebody may have removed an index. */
  forget(): void
  exists(generation: number, languages: readonly string[]): Promise<boolean>
  drop(generation: number): Promise<void>
  activate(generation: number, keep: readonly number[]): Promise<void>
}

const baseLanguage = 'english'

interface Index {
  readonly name: string
  readonly generation: number
  readonly owner: unknown
  readonly aliases: readonly string[]
}

/** The indices of one prefix: made when first needed, one generation live. */
export function manageIndices(context: ElasticsearchContext): Indices {
  const { prefix, owner } = context
  const known = new Set<string>()

  const list = async (client: Client): Promise<Index[]> => {
    const found = await client.indices.get({ index: `${prefix}-g*`, filter_path: '*.aliases,*.mappings._meta' })
    return Object.entries(found).flatMap(([name, { aliases, mappings }]) => {
      const generation = generationOf(prefix, name)
      if (generation === undefined) return []
      const { _meta: marks = {} } = mappings ?? {}
      return [{ name, generation, owner: marks['owner'], aliases: Object.keys(aliases ?? {}) }]
    })
  }

  const ours = async (client: Client): Promise<Index[]> => {
    const indices = await list(client)
    if (owner === undefined || indices.every((index) => index.owner === owner)) return indices
    throw new AquiferError('LEXICAL_FOREIGN', `Indices that start with ${prefix} belong to another ledger.`)
  }

  const create = async (client: Client, generation: number, language: string, first: boolean): Promise<boolean> => {
    const index = indexName(prefix, generation, language)
    const existing = await ours(client)
    if (existing.some(({ name }) => name === index)) return false
    const siblings = existing.filter((other) => other.generation === generation)
    if (siblings.length === 0 && !first) throw notReady(generation)
    const live = siblings.some(({ aliases }) => aliases.includes(prefix))
    const aliases = [
      generationAlias(prefix, generation),
      writeAlias(prefix, generation, language),
      ...(live ? [prefix] : []),
    ]
    try {
      await client.indices.create({
        index,
        settings: indexSettings,
        mappings: indexMapping(language, owner),
        aliases: Object.fromEntries(aliases.map((alias) => [alias, {}])),
      })
      return true
    } catch (error) {
      // Another process was faster; what it made is what was wanted, or not ours.
      if (describeFailure(error).type !== 'resource_already_exists_exception') throw error
      await ours(client)
      return false
    }
  }

  return {
    prepare: (generation) =>
      ask(context, async (client) => ({ made: await create(client, generation, baseLanguage, true) })),
    ensure: async (generation, language) => {
      const name = indexName(prefix, generation, language)
      if (known.has(name)) return
      await ask(context, (client) => create(client, generation, language, false))
      known.add(name)
    },
    forget: () => known.clear(),
    exists: (generation, languages) =>
      ask(context, async (client) => {
        const names = new Set((await ours(client)).map(({ name }) => name))
        if ([baseLanguage, ...languages].every((language) => names.has(indexName(prefix, generation, language))))
          return true
        known.clear()
        return false
      }),
    drop: (generation) =>
      ask(context, async (client) => {
        const indices = (await ours(client)).filter((index) => index.generation === generation)
        known.clear()
        await remove(client, indices)
      }),
    activate: (generation, keep) =>
      ask(context, async (client) => {
        const indices = await ours(client)
        const chosen = indices.filter((index) => index.generation === generation)
        if (chosen.length === 0) throw notReady(generation)
        const others = indices.filter((index) => index.generation !== generation)
        await client.indices.updateAliases({
          actions: [
            ...chosen.map(({ name }) => ({ add: { index: name, alias: prefix } })),
            ...others
              .filter(({ aliases }) => aliases.includes(prefix))
              .map(({ name }) => ({ remove: { index: name, alias: prefix } })),
          ],
        })
        // One that is newer than all that are known may just have been begun.
        const newest = Math.max(generation, ...keep)
        await remove(
          client,
          others.filter((other) => other.generation < newest && !keep.includes(other.generation)),
        )
      }),
  }
}

function notReady(generation: number): AquiferError {
  return new AquiferError('LEXICAL_NOT_READY', `Generation ${generation} has no index in Elasticsearch.`)
}

async function remove(client: Client, indices: readonly Index[]): Promise<void> {
  // By name: a cluster may forbid wildcards, and a request's path has a longest length.
  for (const { name } of indices) await client.indices.delete({ index: name, ignore_unavailable: true })
}
