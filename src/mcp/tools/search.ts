import { z } from 'zod'
import type { Hit } from '../../core/knowledge.ts'
import { recordUrl, shownId } from '../record-url.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine } from '../untrusted-text.ts'

const maxResults = 10

/** ChatGPT's contract: this name, one query in, `results` out. What does not fit in it goes to notices. */
export const search = defineTool({
  name: 'search',
  title: 'Search records',
  description:
    'Finds records (documents, rows) that answer a query in plain words. Returns ids to pass to fetch. Use search_knowledge for passages, filters and freshness.',
  input: z.strictObject({ query: z.string().min(1).max(4000).describe('What to look for, in plain words') }),
  output: z.object({
    results: z.array(z.object({ id: z.string(), title: z.string(), url: z.string().describe('To cite it by') })),
  }),
  annotations: readOnly,
  run: async ({ query }, { knowledge, caller, signal, notice }) => {
    const request = { query, limit: maxResults, tokenBudget: 100_000, neighbours: 0 }
    const answer = await (await knowledge()).search(request, caller, signal)
    for (const text of answer.notices) notice(text)
    const records = new Map<string, Hit>()
    for (const hit of answer.hits) if (!records.has(hit.id)) records.set(hit.id, hit)
    const results = [...records.values()].map((hit) => ({
      id: shownId(hit.id),
      title: cleanLine(hit.title) || cleanLine(hit.id),
      url: recordUrl(hit),
    }))
    return { results }
  },
})
