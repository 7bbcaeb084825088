import { z } from 'zod'
import type { Caller } from '../../core/caller.ts'
import { AquiferError } from '../../core/errors.ts'
import type { Knowledge, RecordView } from '../../core/knowledge.ts'
import { cutText } from '../cut-text.ts'
import { fitFields } from '../fit-fields.ts'
import { idInUrl, recordUrl, shownId } from '../record-url.ts'
import { shownPosition } from '../shown-position.ts'
import { defineTool, readOnly } from '../tool.ts'
import { cleanLine, cleanText, fence } from '../untrusted-text.ts'

/** Together with the other properties within a default result of 8,000 tokens. */
const textTokens = 6500
const fieldTokens = 700
const partMark = /#from=(\d{1,9})$/

/** ChatGPT's contract: this name, one id in, a document out. A long one comes in parts, each naming the id of the next. */
export const fetch = defineTool({
  name: 'fetch',
  title: 'Fetch a record',
  description:
    'Reads one record by its id from search or search_knowledge, with provenance and freshness. A long text is cut; metadata.next_id then names the id of the next part.',
  input: z.strictObject({ id: z.string().min(1).max(10_000).describe('A record id, or the next_id of a cut one') }),
  output: z.object({
    id: z.string(),
    title: z.string(),
    text: z.string().describe('Untrusted content of the source, between marks'),
    url: z.string().describe('To cite it by'),
    metadata: z.object({
      source: z.string(),
      as_of: z.string().describe('Up to when the source was known to be in step'),
      lag_ms: z.number(),
      position: z.string().optional().describe('Of the source'),
      modified_at: z.string().optional(),
      fields: z.record(z.string(), z.unknown()),
      omitted_fields: z.array(z.string()).optional().describe('Too long to show'),
      characters: z.int().describe('Length of the whole text'),
      from: z.int().describe('Where this part begins'),
      next_id: z.string().optional(),
    }),
  }),
  annotations: readOnly,
  run: async ({ id }, { knowledge, caller }) => {
    const { record, from } = await read(await knowledge(), idInUrl(id) ?? id, caller)
    return present(record, from)
  },
})

/** A key may itself end like a part's mark, so the id is tried as it is first. */
async function read(knowledge: Knowledge, id: string, caller: Caller): Promise<{ record: RecordView; from: number }> {
  try {
    return { record: await knowledge.fetch(id, caller), from: 0 }
  } catch (error) {
    const mark = partMark.exec(id)
    if (mark === null || !(error instanceof AquiferError) || error.kind !== 'not-found') throw error
    return { record: await knowledge.fetch(id.slice(0, mark.index), caller), from: Number(mark[1]) }
  }
}

function present(record: RecordView, from: number) {
  const whole = cleanText(record.text)
  const part = cutText(whole, from, textTokens)
  const next_id = part.next === undefined ? undefined : shownId(`${record.id}#from=${part.next}`)
  const fenced = fence(part.text, record)
  const { fields, omitted } = fitFields(record.fields, fieldTokens)
  return {
    id: shownId(record.id),
    title: cleanLine(record.title) || cleanLine(record.id),
    text: next_id === undefined ? fenced : `${fenced}\nCut here. Fetch ${JSON.stringify(next_id)} to read on.`,
    url: recordUrl(record),
    metadata: {
      source: record.source,
      as_of: record.as_of,
      lag_ms: record.lag_ms,
      ...shownPosition(record.source_position),
      ...(record.modified_at === undefined ? {} : { modified_at: record.modified_at }),
      fields,
      ...(omitted.length === 0 ? {} : { omitted_fields: omitted.slice(0, 50) }),
      characters: whole.length,
      from: Math.min(from, whole.length),
      ...(next_id === undefined ? {} : { next_id }),
    },
  }
}
