import type { Random } from '../kit/random.ts'

/** Of every vector here: the model's, and those that rows bring along. */
export const dimensions = 16

/** What a record is about, in whichever shape its source keeps it. */
export interface Item {
  readonly title: string
  readonly body: string
  readonly status: string
  readonly amount: number
  /** Groups that may read it; none means administrators only. */
  readonly readers: readonly string[]
  /** undefined: the model makes it. */
  readonly vector: readonly number[] | undefined
}

export const statuses = ['open', 'closed', 'held', 'süß & "odd"'] as const
export const groups = ['g1', 'g2', 'g3', 'g4', 'g5'] as const
export const largestAmount = 9

/** Words by which the oracle asks Elasticsearch what a passage says: three a text, of prime numbers of words each. */
const tags = { ba: 61, bb: 53, bc: 47 } as const
export const tagWords: readonly string[] = Object.entries(tags).flatMap(([tag, count]) =>
  Array.from({ length: count }, (_, at) => `${tag}${String(at)}`),
)

/** The tag words of a text, each once. */
export function tagsOf(text: string): readonly string[] {
  return [...new Set(text.match(/\bb[abc]\d+\b/g) ?? [])].toSorted()
}

const filler = 'harbour winter copper garden naïve orchard signal thunder meadow lantern 水曜日 café'.split(' ')

/** Makes items and changes to them; no two texts are alike. */
export interface Maker {
  item(random: Random): Item
  /** Another text, other readers, other fields, another vector or nothing new at all. */
  change(random: Random, item: Item): Item
}

export function createMaker(name: string): Maker {
  let made = 0
  const words = (random: Random): Pick<Item, 'title' | 'body'> => {
    made++
    const tagged = Object.entries(tags).map(([tag, count]) => `${tag}${String(made % count)}`)
    const some = Array.from({ length: random.int(2, 12) }, () => filler[random.int(0, filler.length - 1)] ?? '')
    return {
      title: `Title ${String(made)} of ${name}`,
      body: `${tagged.join(' ')} ${name}q${String(made)}x ${some.join(' ')}`,
    }
  }
  return {
    item: (random) => ({ ...words(random), ...fields(random), ...readers(random), vector: vectorOf(random) }),
    change: (random, item) => {
      const kind = random.int(1, 100)
      if (kind <= 45) return { ...item, ...words(random), vector: vectorOf(random) }
      if (kind <= 65) return { ...item, ...readers(random) }
      if (kind <= 80) return { ...item, ...fields(random) }
      if (kind <= 92) return { ...item, vector: vectorOf(random) }
      return item
    },
  }
}

function fields(random: Random): Pick<Item, 'status' | 'amount'> {
  return {
    status: statuses[random.int(0, statuses.length - 1)] ?? statuses[0],
    amount: random.int(0, largestAmount),
  }
}

function readers(random: Random): Pick<Item, 'readers'> {
  return { readers: random.some(groups, random.int(0, 3)).toSorted() }
}

/** Numbers that half precision holds exactly; one record in ten leaves its vector to the model. */
function vectorOf(random: Random): readonly number[] | undefined {
  if (random.int(1, 10) === 1) return undefined
  return Array.from({ length: dimensions }, () => (random.int(0, 1) === 0 ? 1 : -1) * (random.int(1, 64) / 64))
}

/** What the ledger has to hold of a record, as this proof understands the mapping that it configures. */
export interface Expected {
  readonly title: string
  readonly text: string
  readonly fields: { readonly status: string; readonly amount: number | string }
  readonly readers: readonly string[]
  readonly vector: readonly number[] | undefined
}

/** Of every source but the files, which have no column for a vector. */
export const mappingYaml = `title: '{title}', text: '{body}', fields: [status, amount], acl: { groups: '{readers}' }`
