import type { Change } from '../../schemas/record.ts'
import type { Key } from '../../src/core/indexer.ts'
import { startPace } from '../../src/core/pace.ts'
import { keyOf } from './key-column.ts'
import { readTouched } from './read-rows.ts'
import type { Reader } from './reader.ts'
import { isRealKey } from './row-changes.ts'
import { inspect, type Table } from './table.ts'
import type { KeyTexts } from './touched.ts'
import type { MysqlSource } from './config.ts'

const pageKeys = 200

/** The rows of these keys as they are now; a key that no row has is a delete. */
export async function* readItems(
  reader: Reader,
  { name, source }: { readonly name: string; readonly source: MysqlSource },
  keys: readonly Key[],
): AsyncGenerator<Change> {
  const { session, digest, clock } = reader
  const table = await inspect(reader, name, source)
  const texts = keys.filter(isRealKey).flatMap((key) => {
    const parsed = parseKey(key, table)
    return parsed === undefined ? [] : [parsed]
  })
  const pace = startPace()
  for (let at = 0; at < texts.length; at += pageKeys) {
    const context = { source: name, position: `read ${new Date(clock.now()).toISOString()}`, table, digest }
    yield* await readTouched(session, texts.slice(at, at + pageKeys), context, pace)
  }
}

/** The texts that make this key; undefined where none of this table can. */
function parseKey(key: Key, { key: columns }: Table): KeyTexts | undefined {
  const texts = columns.length === 1 ? [key] : parseTexts(key)
  if (texts.length !== columns.length || keyOf(texts) !== key) return undefined
  try {
    for (const [at, column] of columns.entries()) column.literal(texts[at] ?? '')
    return texts
  } catch {
    return undefined
  }
}

function parseTexts(key: Key): KeyTexts {
  try {
    const parsed: unknown = JSON.parse(key)
    return Array.isArray(parsed) && parsed.every((text) => typeof text === 'string') ? parsed : []
  } catch {
    return []
  }
}
