import { BSON } from 'mongodb'
import type { Change } from '../../schemas/record.ts'
import type { Key } from '../../src/core/indexer.ts'
import type { Id } from './document.ts'
import { toChange } from './document.ts'
import { keyText } from './key-text.ts'
import type { Reader } from './reader.ts'
import { findByIds } from './scan.ts'

const pageKeys = 500

/** The documents of these keys as they are now; one that is not there is a delete. */
export async function* readItems(reader: Reader, keys: readonly Key[]): AsyncGenerator<Change> {
  const { name, digest, clock } = reader
  const position = `read ${new Date(clock.now()).toISOString()}`
  const ids = new Map(keys.flatMap((key) => idsOf(key)))
  for (let at = 0; at < ids.size; at += pageKeys) {
    const missing = new Map([...ids].slice(at, at + pageKeys))
    for await (const document of findByIds(reader, [...missing.values()])) {
      missing.delete(document.key)
      yield toChange(document, { name, position, digest })
    }
    for (const key of missing.keys()) yield { kind: 'delete', source: name, key, position }
  }
}

/** The `_id` whose text this key is; nothing where the text was cut, or no `_id` can be made of it. */
function idsOf(key: Key): readonly (readonly [Key, Id])[] {
  try {
    const id = parseKey(key)
    return keyText(id) === key ? [[key, id]] : []
  } catch {
    return []
  }
}

function parseKey(key: Key): Id {
  if (/^[0-9a-f]{24}$/.test(key)) return BSON.ObjectId.createFromHexString(key)
  if (/^-?\d+$/.test(key)) return BSON.Long.fromString(key)
  if (!/^(?:true|false|null|["[{])/.test(key)) return key
  // Canonical extended JSON is what keyText writes of everything else.
  return BSON.EJSON.parse(key, { relaxed: false }) as Id
}
