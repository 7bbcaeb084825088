import { isMap, type Item } from './item.ts'

/** The way to an item with names in place of list positions: `metrics.bookings.config.tags`. */
export function titleOf(item: Item, root: Item): string {
  let value: unknown = root.value
  const words: string[] = []
  for (const part of item.path) {
    value = Array.isArray(value) ? (value as readonly unknown[])[Number(part)] : isMap(value) ? value[part] : undefined
    const name = isMap(value) ? value['name'] : undefined
    words.push(typeof part === 'number' ? (typeof name === 'string' ? name : `[${String(part)}]`) : part)
  }
  return words.join('.')
}
