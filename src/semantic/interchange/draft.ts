import type { Item } from './item.ts'
import type { Kind, LayerInput } from './layer-input.ts'
import { RefusedError } from './read-item.ts'

/** What is left out besides whole objects of a layer. */
export type PartKind = Kind | 'measures' | 'dimensions'

/** One thing that cannot be carried over. */
export interface Failure {
  readonly kind: PartKind
  readonly name: string
  readonly place: string
  readonly message: string
}

/** The layer while it is put together, with where each part came from and what could not come with it. */
export interface Draft {
  readonly layer: LayerInput
  readonly failures: Failure[]
  /** `metrics.bookings` or `models.orders.measures.total` → where it stands. */
  readonly places: Map<string, string>
  /** Each measure's model, also of those that could not be carried over. */
  readonly modelOf: Map<string, string>
  /** Whether a table was put into the schema that was given. */
  usesSchema: boolean
  readonly note: (place: string, message: string) => void
  /** A note that holds for everything it is said of: the first place is enough. */
  readonly noteOnce: (place: string, message: string) => void
  readonly notes: () => readonly string[]
  /** Runs a conversion; where it refuses, the object is left out and everything below `item` with it. */
  attempt(kind: PartKind, name: string, item: Item, convert: () => void): void
  /** Adds an object of the layer. Refused where there is one of this name. */
  add<K extends Kind>(kind: K, name: string, object: LayerInput[K][string], item: Item): void
}

export function createDraft(): Draft {
  const layer: LayerInput = { models: {}, metrics: {}, queries: {}, calendars: {} }
  const failures: Failure[] = []
  const places = new Map<string, string>()
  const notes = new Set<string>()
  const said = new Set<string>()
  return {
    layer,
    failures,
    places,
    modelOf: new Map(),
    usesSchema: false,
    note: (place, message) => notes.add(`${place} ${message}`),
    noteOnce: (place, message) => {
      if (said.has(message)) return
      said.add(message)
      notes.add(`${place} ${message}`)
    },
    notes: () => [...notes].toSorted(byPlace),
    attempt: (kind, name, item, convert) => {
      try {
        convert()
      } catch (thrown) {
        if (!(thrown instanceof RefusedError)) throw thrown
        failures.push({ kind, name, place: thrown.place, message: thrown.message })
        item.ignoreAll()
      }
    },
    add: (kind, name, object, item) => {
      const first = places.get(`${kind}.${name}`)
      if (first !== undefined) throw new RefusedError(`${name} stands in ${first} too`, item.place)
      places.set(`${kind}.${name}`, item.place)
      Object.assign(layer[kind], { [name]: object })
    },
  }
}

const inOrder = new Intl.Collator('en', { numeric: true })

/** In the order of the files. */
export function byPlace(a: string, b: string): number {
  return inOrder.compare(a.slice(0, a.indexOf(' ')), b.slice(0, b.indexOf(' ')))
}

const words: Readonly<Record<PartKind, string>> = {
  models: 'model',
  metrics: 'metric',
  queries: 'query',
  calendars: 'calendar',
  measures: 'measure',
  dimensions: 'dimension',
}

/** `metric bookings` */
export const naming = ({ kind, name }: Pick<Failure, 'kind' | 'name'>): string => `${words[kind]} ${name}`
