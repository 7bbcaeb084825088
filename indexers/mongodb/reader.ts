import { UUID } from 'mongodb'
import type { ClientSession, Collection, MongoClient } from 'mongodb'
import { z } from 'zod'
import type { Clock } from '../../src/core/clock.ts'
import { hint } from '../../src/core/nearest.ts'
import { invalidSource } from '../../src/core/source-error.ts'
import type { Id } from './document.ts'
import type { Place } from '../../src/core/source-error.ts'
import { within } from './within.ts'
import type { Limits } from './within.ts'

/** What every document has. */
export interface Stored {
  readonly _id: Id
}

/** One source and what reading it takes. */
export interface Reader {
  readonly name: string
  readonly place: Place
  readonly collection: Collection<Stored>
  /** Causally consistent: what is read in it is at least as new as whatever was read in it before. */
  readonly session: ClientSession
  readonly limits: Limits
  readonly operationTimeoutMs: number
  readonly clock: Clock
  readonly digest: (canonical: Uint8Array) => string
}

const CollectionInfo = z.object({
  name: z.string(),
  type: z.string().optional(),
  options: z.object({ capped: z.boolean().optional() }).optional(),
  info: z.object({ uuid: z.instanceof(UUID).optional() }).optional(),
})

/** The id that MongoDB gave the collection; SOURCE_INVALID where there is none of this name, or one without changes. */
export async function readCollectionId(
  { collection, place, session, limits }: Reader,
  client: MongoClient,
): Promise<string> {
  const name = collection.collectionName
  const database = client.db(collection.dbName)
  const found = await within(() => database.listCollections({ name }, { session }).toArray(), place, limits)
  const infos = found.map((one) => CollectionInfo.parse(one))
  const own = infos.find((one) => one.name === name)
  if (own === undefined) {
    const others = await within(
      () => database.listCollections({}, { session, nameOnly: true }).toArray(),
      place,
      limits,
    )
    throw invalidSource(
      place,
      `there is no collection ${place.what}${hint(
        name,
        others.map((one) => one.name),
      )}`,
      {
        fix: 'Correct collection or database of the source.',
      },
    )
  }
  if (own.type !== undefined && own.type !== 'collection') {
    throw invalidSource(place, `${place.what} is a ${own.type}, which has no change stream`, {
      fix: 'Read the collection that it is made of.',
    })
  }
  if (own.options?.capped === true) {
    throw invalidSource(place, `${place.what} is capped: what MongoDB itself drops from it is not told as deleted`, {
      fix: 'Read a collection that is not capped; a TTL index drops old documents too.',
    })
  }
  const id = own.info?.uuid
  if (id === undefined)
    throw invalidSource(place, 'the server gives its collections no ids; read from MongoDB 5.0 or later')
  return id.toHexString()
}
