import { z } from 'zod'

import { requestElasticsearch } from './elasticsearch-request.ts'
import { isStale } from './test-name.ts'

const CatIndices = z.array(z.object({ index: z.string() }))

/** Names of the indices that start with this. */
export async function indicesOf(url: string, prefix: string): Promise<string[]> {
  const path = `/_cat/indices/${prefix}*?format=json&h=index&expand_wildcards=all`
  return CatIndices.parse(await requestElasticsearch(url, path)).map((row) => row.index)
}

export async function removeIndices(url: string, names: readonly string[]): Promise<void> {
  // One by one: the path of a request has a longest length, and a wildcard may be forbidden.
  for (const name of names) {
    await requestElasticsearch(url, `/${name}?ignore_unavailable=true`, { method: 'DELETE' })
  }
}

/** Removes what runs that were killed left behind. */
export async function removeStaleIndices(url: string): Promise<void> {
  await removeIndices(url, (await indicesOf(url, 'aquifer-test-')).filter(isStale))
}
