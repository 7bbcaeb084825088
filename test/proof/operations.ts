import type { Random } from '../kit/random.ts'
import { createMaker, type Item } from './item.ts'

export type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly item: Item; readonly isNew: boolean }
  | { readonly kind: 'rename'; readonly key: string; readonly to: string; readonly item: Item }
  | { readonly kind: 'delete'; readonly key: string }

/** What a source holds as far as the load knows, and what to do to it next. */
export interface Plan {
  /** Random operations, in an order in which a source can carry them out; the same key may come several times. */
  next(random: Random, count: number): readonly Operation[]
  /** Operations on keys that no other operation meets until `release`. */
  hold(random: Random, count: number): { readonly operations: readonly Operation[]; readonly release: () => void }
  /** Everything is gone at once; nothing may be held. */
  clear(): void
}

/** Grows to about `size` records and stays there. Deleted keys come back now and then. */
export function createPlan(name: string, size: number): Plan {
  const maker = createMaker(name)
  const items = new Map<string, Item>()
  const keys: string[] = []
  const gone: string[] = []
  let made = 0

  const fresh = (random: Random): string =>
    (random.int(1, 10) <= 3 ? take(random, gone) : undefined) ?? `k${String(++made)}`

  const insert = (random: Random): Operation => {
    const key = fresh(random)
    const item = maker.item(random)
    items.set(key, item)
    keys.push(key)
    return { kind: 'put', key, item, isNew: true }
  }
  const one = (random: Random): Operation => {
    const dice = random.int(1, 100)
    const inserts = keys.length < size ? 35 : 18
    if (dice <= inserts || keys.length < 5) return insert(random)
    if (dice <= inserts + 42) {
      const key = keys[random.int(0, keys.length - 1)] ?? ''
      const item = maker.change(random, items.get(key) ?? maker.item(random))
      items.set(key, item)
      return { kind: 'put', key, item, isNew: false }
    }
    const key = take(random, keys) ?? ''
    const item = items.get(key) ?? maker.item(random)
    items.delete(key)
    if (dice > inserts + 48) {
      gone.push(key)
      return { kind: 'delete', key }
    }
    const to = fresh(random)
    gone.push(key)
    items.set(to, item)
    keys.push(to)
    return { kind: 'rename', key, to, item }
  }
  return {
    next: (random, count) => Array.from({ length: count }, () => one(random)),
    clear: () => {
      gone.push(...keys.splice(0))
      items.clear()
    },
    hold: (random, count) => {
      const held: string[] = []
      const operations = Array.from({ length: count }, (): Operation => {
        const key = keys.length < 20 ? undefined : take(random, keys)
        if (key === undefined) {
          const inserted = insert(random)
          // It stands last.
          keys.pop()
          held.push(inserted.key)
          return inserted
        }
        held.push(key)
        const item = maker.change(random, items.get(key) ?? maker.item(random))
        items.set(key, item)
        return { kind: 'put', key, item, isNew: false }
      })
      return { operations, release: () => void keys.push(...held) }
    },
  }
}

/** Removes one of these by chance; the last takes its place. */
function take(random: Random, from: string[]): string | undefined {
  const at = random.int(0, from.length - 1)
  const last = from.pop()
  if (last === undefined || at >= from.length) return last
  const taken = from[at]
  from[at] = last
  return taken
}
